"""Rule about claims and storage: only settings that the charts really use."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.messages import nearest
from panda_infra.errors import Problem
from panda_infra.products.model import Claim
from panda_infra.products.rule import rule
from panda_infra.products.workloads import Daemon, Volume
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import Visited, sub_components

__all__ = ["check", "cvmfs_is_mounted_once"]


@rule("components", "storage")
def check(subject: Subject) -> Iterator[Problem]:
    """Volumes must be known claims, and their keys must have an effect and not contradict each other."""
    config = subject.config
    shared = config.storage.shared_logs
    if shared and bool(shared.share_id) != bool(shared.share_access_id):
        what = "needs both shareId and shareAccessId, or none of them"
        yield Problem(
            "storage.sharedLogs", what, "Write `{shareId: ..., shareAccessId: ...}`, as Manila shows them."
        )
    if shared and shared.share_id and shared.class_name:
        what = "has no effect: a share that exists already has its class"
        yield Problem("storage.sharedLogs.class", what, "Remove it, or shareId.")
    for sub in sub_components(config):
        for name, volume in sub.config.volumes.items():
            where = f"{sub.where}.volumes.{name}"
            claim = sub.spec.claim(name)
            if claim is None:
                yield _unknown(sub, name, where)
            else:
                yield from _claim(sub, claim, volume, where, shared=shared is not None)


@rule("components")
def cvmfs_is_mounted_once(subject: Subject) -> Iterator[Problem]:
    """A pod has one volume of a name, and one volume at a path."""
    for sub in sub_components(subject.config):
        repositories = sub.config.cvmfs if isinstance(sub.config, Daemon) else ()
        for key in ("name", "repository"):
            values = [getattr(each, key) for each in repositories]
            for index, value in enumerate(values):
                if value in values[:index]:
                    where = f"{sub.where}.cvmfs[{index}].{key}"
                    yield Problem(
                        where,
                        f"{value} is there already",
                        "Give each repository once, with a name of its own.",
                    )


def _unknown(sub: Visited, name: str, where: str) -> Problem:
    known = [claim.name for claim in sub.spec.claims]
    near = nearest(name, known)
    what = f"{sub.name} has no volume of this name" + (f"; did you mean `{near}`?" if near else "")
    return Problem(where, what, f"Volumes known here: {', '.join(known) or 'none'}.")


def _claim(sub: Visited, claim: Claim, volume: Volume, where: str, *, shared: bool) -> Iterator[Problem]:
    if not sub.runs and sub.may_be_off:
        yield Problem(where, f"has no effect: {sub.name} is switched off", "Remove it.")
    if claim.name == "unused":
        yield Problem(where, "is a claim that no pod mounts (T21)", "Remove it.")
    if volume.sub_path and not volume.claim:
        what = "is a folder inside an existing claim, but no claim is named"
        yield Problem(f"{where}.subPath", what, "Add `claim: <name of the claim>`, or remove it.")
    if volume.claim:
        if not claim.adopt_key:
            what = f"the chart cannot use an existing claim for {sub.name} {claim.name}"
            yield Problem(f"{where}.claim", what, "Remove it, and give `class` and `size` instead.")
        for key, value in (("class", volume.class_name), ("size", volume.size)):
            if value:
                what = f"has no effect on the existing claim {volume.claim}"
                yield Problem(f"{where}.{key}", what, f"Remove it, or `claim: {volume.claim}`.")
    elif shared and claim.shared_path and volume.size and not volume.class_name:
        what = "has no effect: this volume is a folder of the shared claim"
        fix = "Give storage.sharedLogs.size, or a `class` here for a claim of its own."
        yield Problem(f"{where}.size", what, fix)
