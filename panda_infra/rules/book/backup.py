"""Rules about backups: there is something to dump, what is left out exists, and no other stack has the same place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from panda_infra.config.backup import BucketStore
from panda_infra.config.load import from_file
from panda_infra.config.operators import Archive
from panda_infra.config.stack import Settings
from panda_infra.errors import Problem, StackError
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["has_a_place_of_its_own", "leaves_out_what_is_there", "there_is_something_to_dump"]


@rule("backup", "components")
def there_is_something_to_dump(subject: Subject) -> Iterator[Problem]:
    """The section must back up at least one database, because an operator would rely on it."""
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


@rule("backup", "postgres", "mariadb")
def has_a_place_of_its_own(subject: Subject) -> Iterator[Problem]:
    """Two stacks in one folder would delete each other's backups as too old, and restore each other's content.

    By default a folder has the stack's name, so at least one of two stacks with the same folder names it in its file.
    """
    named = {key: place for key, place in _places(subject.config, subject.stack).items() if place.named}
    for file in sorted(subject.folder.glob("Pulumi.*.yaml")) if named else ():
        other = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        if other == subject.stack:
            continue
        try:
            theirs = _places(from_file(file).config, other)
        except StackError:
            continue  # a stack of its own, which `check` reports
        for key, place in named.items():
            if key in theirs and place.address == theirs[key].address:
                what = f"is that of stack {other} too: each would delete and restore what the other one keeps"
                fix = "Remove it: the default is the stack's name. Or name another one, in the stack file."
                yield Problem(f"{key}.folder", what, fix)


class _Place(NamedTuple):
    """A place of a stack's backups; ``named`` if the stack file names the folder."""

    address: tuple[str, str, str]
    named: bool


def _places(config: Settings, stack: str) -> dict[str, _Place]:
    """The folders of a stack in buckets, by the key of the section that has it."""
    found: dict[str, BucketStore | Archive | None] = {
        "backup.to": config.backup.to
        if config.backup and isinstance(config.backup.to, BucketStore)
        else None,
        "postgres.backup": config.postgres.backup if config.postgres else None,
        "mariadb.backup": config.mariadb.backup if config.mariadb else None,
    }
    return {
        key: _Place((each.endpoint.rstrip("/"), each.bucket, each.folder or stack), bool(each.folder))
        for key, each in found.items()
        if each
    }


def _with_database(subject: Subject) -> Iterator[str]:
    """The components whose database the stack runs itself."""
    for name, component in subject.config.components.deployed().items():
        for sub in COMPONENTS[name].sub_components:
            if sub.dump and (not sub.switchable or getattr(component, sub.attribute).enabled):
                yield name
