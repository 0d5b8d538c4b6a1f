"""Take over the charts and images of one stack, by their digests, into another stack, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from panda_infra.config.charts import GitCharts
from panda_infra.config.paths import Path
from panda_infra.config.stack import Settings
from panda_infra.errors import Problem
from panda_infra.pins.pins import Pin, pins

__all__ = ["Promotion", "promotion"]


@dataclass
class Promotion:
    """The values that a stack file gets, by their paths; ``left`` are notes on what stays, by its key."""

    values: dict[Path, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def promotion(source: Settings, target: Settings, stack: str) -> Promotion:
    """The charts and images of ``source``, a stack called ``stack``, as changes of ``target``.

    An image keeps the registry of its site: its digest is the same content everywhere.
    """
    made = Promotion()
    made.problems += _from_git(source, target, stack, made.values)
    tried = {pin.path: pin for pin in pins(source)}
    for pin in pins(target):
        theirs = tried.get(pin.path)
        if theirs is None:
            made.left[pin.key] = f"is no part of {stack}"
        elif pin.followed or theirs.followed:
            made.left[pin.key] = "is followed: Argo CD's Image Updater chooses the tag"
        elif theirs.digest is None:
            what = f"has no digest in {stack}, so that nobody knows what was tried there"
            made.problems.append(
                Problem(pin.key, what, f"`python -m panda_infra pin {stack}`, then deploy it.")
            )
        else:
            made.values |= _changes(theirs, pin)
    return made


def _changes(source: Pin, target: Pin) -> Mapping[Path, str]:
    wanted = {target.tag_path: (source.tag, target.tag), target.digest_path: (source.digest, target.digest)}
    if source.name != target.name:
        wanted[*target.path, "repository"] = (source.repository, target.repository)
    changed = {path: new for path, (new, old) in wanted.items() if new and new != old}
    # A digest without its version would be that of another one as soon as the program has a newer chart.
    return {target.tag_path: source.tag} | changed if changed else {}


def _from_git(source: Settings, target: Settings, stack: str, values: dict[Path, str]) -> Iterator[Problem]:
    """Charts from git have one commit for all of them."""
    theirs, ours = source.charts, target.charts
    if isinstance(theirs, GitCharts) and isinstance(ours, GitCharts) and theirs.url == ours.url:
        if theirs.revision != ours.revision:
            values["charts", "revision"] = theirs.revision
    elif theirs.kind != ours.kind or isinstance(theirs, GitCharts):
        what = f"are not those of {stack}, which has charts of kind {theirs.kind} from elsewhere"
        yield Problem("charts", what, "Let both stacks have charts of one kind, from one repository of git.")
