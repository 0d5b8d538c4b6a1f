"""Rules about backups: there is something to dump, and what is left out exists."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.quantities import amount
from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["leaves_out_what_is_there", "there_is_something_to_dump"]


@rule("backup", "components")
def there_is_something_to_dump(subject: Subject) -> Iterator[Problem]:
    """A section that backs up nothing would look like a backup."""
    settings = subject.config.backup
    if settings is None:
        return
    inside = set(_with_database(subject))
    if not inside:
        what = "has nothing to dump: the stack runs no database, and those elsewhere are their owners' to back up"
        yield Problem("backup", what, "Remove the section.")
    elif inside <= set(settings.leave_out):
        what = "names every component with a database inside the stack, so that nothing is dumped"
        yield Problem("backup.leaveOut", what, "Leave one out of the list, or remove `backup`.")
    if amount(settings.scratch) == 0:
        yield Problem("backup.scratch", "leaves no space for a dump", "Write e.g. `scratch: 10Gi`.")


@rule("backup", "components")
def leaves_out_what_is_there(subject: Subject) -> Iterator[Problem]:
    """Only the database of a component can be left out."""
    settings = subject.config.backup
    inside = set(_with_database(subject))
    for number, name in enumerate(settings.leave_out if settings and inside else ()):
        if name not in inside:
            what = f"names {name}, which has no database inside the stack"
            yield Problem(
                f"backup.leaveOut[{number}]", what, f"Name of {', '.join(sorted(inside))}, or remove it."
            )


def _with_database(subject: Subject) -> Iterator[str]:
    """The components whose database the stack runs itself."""
    for name, component in subject.config.components.deployed().items():
        for sub in COMPONENTS[name].sub_components:
            if sub.dump and (not sub.switchable or getattr(component, sub.attribute).enabled):
                yield name
