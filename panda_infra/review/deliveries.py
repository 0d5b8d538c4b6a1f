"""A component's change in one form, whether Helm or Argo CD delivers it, and its passing from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from panda_infra.plan.data import KEEPER
from panda_infra.plan.protection import APPLICATION, KEEP
from panda_infra.review.preview import RELEASE, Preview, Step

__all__ = ["component_steps", "passed_on"]

# The inputs that are equal in both deliveries.
_COMMON = ("name", "values", "postrender")


def component_steps(preview: Preview) -> Iterator[Step]:
    """Each change of a component in the form of a Helm release's; one that passes on is a single change."""
    both = passed_on(preview)
    steps = [step for step in preview.steps if step.type in (RELEASE, APPLICATION)]
    for step in steps:
        if step.name not in both:
            yield replace(
                step, type=RELEASE, before=_plain(step, step.before), after=_plain(step, step.after)
            )
    for name in both:
        (old,) = (step for step in steps if step.name == name and step.action == "deleted")
        (new,) = (step for step in steps if step.name == name and step.action == "created")
        before, after = _plain(old, old.before), _plain(new, new.after)
        yield replace(
            new,
            action="changed",
            type=RELEASE,
            before={key: before.get(key) for key in _COMMON},
            after={key: after.get(key) for key in _COMMON},
        )


def passed_on(preview: Preview) -> tuple[str, ...]:
    """The components that pass from Helm to Argo CD or back."""
    types: dict[tuple[str, str], set[str]] = {}
    for step in preview.steps:
        if step.type in (RELEASE, APPLICATION):
            types.setdefault((step.name, step.action), set()).add(step.type)
    names = dict.fromkeys(name for name, _ in types)
    return tuple(
        name
        for name in names
        if types.get((name, "deleted"), set()) | types.get((name, "created"), set()) == {RELEASE, APPLICATION}
        and types.get((name, "deleted")) != types.get((name, "created"))
    )


def _plain(step: Step, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs of a release, or those of an Application in the same words."""
    if step.type == RELEASE or not inputs:
        return inputs
    metadata, source = inputs.get("metadata") or {}, (inputs.get("spec") or {}).get("source") or {}
    helm = source.get("helm") or {}
    return {
        "name": helm.get("releaseName") or metadata.get("name"),
        "chart": f"{source.get('repoURL')}/{source.get('chart') or source.get('path')}",
        "version": source.get("targetRevision"),
        "values": helm.get("valuesObject") or {},
        "postrender": KEEPER if KEEP in (metadata.get("annotations") or {}) else None,
    }
