"""Compares the Plans of two commits to find the stacks that they deploy differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from panda_infra.review.revision import Revision, StackPlan
from panda_infra.tree import Difference, differences

__all__ = ["StackChange", "touched"]

_GONE = (
    "its stack file is gone; what is deployed stays: destroy it before, `python -m panda_infra destroy {}`"
)
Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class StackChange:
    """The change of one stack.

    ``components`` maps each changed component to the kind of change; ``differences`` are all changed places, by
    topic. ``reasons`` explain why the stack counts as touched if its Plans do not show it.
    """

    stack: str
    kind: Kind
    components: Mapping[str, Kind]
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The change as plain values, for other programs."""
        return asdict(self)


def touched(base: Revision, head: Revision) -> tuple[StackChange, ...]:
    """The stacks that ``head`` deploys differently from ``base``, by name.

    A stack that cannot be compared counts as touched, with the reason.
    """
    changes = (_change(name, base, head) for name in sorted({*base.stacks, *head.stacks}))
    return tuple(change for change in changes if change is not None)


def _change(name: str, base: Revision, head: Revision) -> StackChange | None:
    before, after = base.stacks.get(name), head.stacks.get(name)
    if after is None:
        return StackChange(name, "removed", _components(before, None), (), (_GONE.format(name),))
    if before is None:
        reason = f"base: {base.trouble}" if base.trouble else "its stack file is new"
        kind: Kind = "changed" if base.trouble else "added"
        return StackChange(name, kind, _components(None, after), (), (reason, *_problems("head", after)))
    reasons = (*_problems("base", before), *_problems("head", after), *_program(base, head))
    if before.plan is None or after.plan is None:
        # Compared with nothing, everything would differ.
        return StackChange(name, "changed", {}, (), reasons)
    found = tuple(differences(_comparable(before), _comparable(after)))
    if not found and not reasons:
        return None
    return StackChange(name, "changed", _components(before, after), found, reasons)


def _problems(side: str, stack: StackPlan) -> tuple[str, ...]:
    return tuple(f"{side}: {problem}" for problem in stack.problems)


def _program(base: Revision, head: Revision) -> tuple[str, ...]:
    parts = sorted({*base.program, *head.program})
    changed = [part for part in parts if base.program.get(part) != head.program.get(part)]
    return (f"what makes resources of a Plan changed: {', '.join(changed)}",) if changed else ()


def _comparable(stack: StackPlan) -> dict[str, Any]:
    return {**(stack.plan or {}), "encrypted": stack.encrypted or {}, "files": stack.files or {}}


def _components(before: StackPlan | None, after: StackPlan | None) -> dict[str, Kind]:
    old = (before.plan or {}).get("components", {}) if before else {}
    new = (after.plan or {}).get("components", {}) if after else {}
    kinds: dict[str, Kind] = {}
    for name in sorted({*old, *new}):
        if name not in old:
            kinds[name] = "added"
        elif name not in new:
            kinds[name] = "removed"
        elif old[name] != new[name]:
            kinds[name] = "changed"
    return kinds
