"""Rules about two stacks of which one stands by: one is active, and what it writes reaches the other."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.load import from_file
from panda_infra.config.standby import Standby
from panda_infra.errors import Problem, StackError
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = [
    "databases_follow",
    "it_is_a_pair",
    "its_settings_have_an_effect",
    "nothing_is_lost_by_a_promotion",
    "the_other_agrees",
]

_SHARED = ("of", "by", "term", "fenced")


@rule("standby")
def it_is_a_pair(subject: Subject) -> Iterator[Problem]:
    """A pair consists of this stack and another one."""
    standby, stack = subject.config.standby, subject.stack
    if standby and (standby.of == standby.by or stack not in (standby.of, standby.by)):
        what = f"names {standby.of} and {standby.by}, not {stack} and another stack"
        yield Problem("standby", what, f"Write e.g. `of: {stack}` and `by: {stack}-2`.")


@rule("standby")
def the_other_agrees(subject: Subject) -> Iterator[Problem]:
    """Both files name the same stack as active: two active ones would work on the same tasks."""
    standby = subject.config.standby
    if standby is None or subject.stack not in (standby.of, standby.by):
        return
    other = standby.other(subject.stack)
    file = subject.folder / f"Pulumi.{other}.yaml"
    if other == subject.stack or not file.is_file():
        if other != subject.stack:
            what = f"names stack {other}, which has no file {file.name} here"
            yield Problem("standby", what, f"Make it with the same section, or correct the name {other}.")
        return
    try:
        theirs = from_file(file).config.standby
    except StackError:
        return  # a stack of its own, which `check` reports
    differing = [key for key in _SHARED if getattr(standby, key) != getattr(theirs, key, None)]
    if differing:
        what = f"differs from {file.name}: {_spelled(standby)} here, {_spelled(theirs)} there"
        fix = (
            "Bring both files to the newest commit; whether a failover has just ended half way, "
            f"`python -m panda_infra failover {standby.by} --to {standby.of}` finds out."
        )
        yield Problem(f"standby.{differing[0]}", what, fix)


def _spelled(standby: Standby | None) -> str:
    return ", ".join(f"{key} {getattr(standby, key)}" for key in _SHARED) if standby else "no section"


@rule("standby", "postgres")
def its_settings_have_an_effect(subject: Subject) -> Iterator[Problem]:
    """A confirmation must not be for later roles: databases would then be promoted although data is missing."""
    standby = subject.config.standby
    if standby and standby.fenced > standby.term:
        what = f"is {standby.fenced}, but the present roles have the number {standby.term}"
        fix = f"Remove it: `python -m panda_infra failover {standby.by} --to {standby.of}` writes it."
        yield Problem("standby.fenced", what, fix)
    if standby and standby.archive and subject.config.postgres is None:
        what = "has no effect: no database of this stack follows an archive"
        yield Problem("standby.archive", what, "Remove it, or add the section `postgres`.")


@rule("standby", "components", "postgres", "mariadb")
def databases_follow(subject: Subject) -> Iterator[Problem]:
    """A database of the stack's own would not follow that of the other one."""
    config = subject.config
    if config.standby is None:
        return
    for sub in sub_components(config):
        if sub.runs and sub.spec.is_database:
            what = "is a database of this stack alone: after a failover, the other stack would have none of its content"
            fix = "Use one of the section `postgres` or of the site, which has a replica in the other data centre."
            yield Problem(sub.where, what, fix)
    if config.postgres and config.postgres.backup is None:
        what = "is missing: the databases of the other stack follow by the archive"
        yield Problem("postgres.backup", what, "Write e.g. `backup: {endpoint: ..., bucket: ...}`.")
    if config.mariadb:
        what = "has databases of this stack alone: no server of the other data centre follows them"
        yield Problem("mariadb", what, "Use a MariaDB of the site, which has a replica there.")


@rule("standby", "postgres")
def nothing_is_lost_by_a_promotion(subject: Subject) -> Iterator[Problem]:
    """A database is promoted when it has all that the former active one wrote, unless that one is lost."""
    standby, section = subject.config.standby, subject.config.postgres
    if (
        standby is None
        or section is None
        or standby.of != subject.stack
        or standby.term in (1, standby.fenced)
    ):
        return
    for name in section.databases:
        if not standby.tokens.get(name):
            what = "is missing: without it, what the former active stack wrote last could be lost"
            fix = f"Run `python -m panda_infra failover {standby.by} --to {standby.of}`, which writes it."
            yield Problem(f"standby.tokens.{name}", what, fix)
