"""Rule about tolerations, which Kubernetes refuses only when the pods are made."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.products.workloads import Toleration
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["mean_something"]


@rule("components")
def mean_something(subject: Subject) -> Iterator[Problem]:
    """The keys of a toleration must fit together."""
    for sub in sub_components(subject.config):
        for index, toleration in enumerate(sub.config.tolerations):
            yield from _flaws(toleration, f"{sub.where}.tolerations[{index}]")


def _flaws(given: Toleration, where: str) -> Iterator[Problem]:
    if given.operator == "Exists" and given.value:
        what = "has no effect with `operator: Exists`, which takes any value"
        yield Problem(f"{where}.value", what, "Remove it, or write `operator: Equal`.")
    if given.operator == "Equal" and not given.key:
        what = "is missing: a value alone says nothing about a taint"
        yield Problem(f"{where}.key", what, "Name the taint, or write `operator: Exists` for all.")
    if given.toleration_seconds is not None and given.effect != "NoExecute":
        what = f"is {given.effect}, but" if given.effect else "is missing:"
        fix = "Write `effect: NoExecute`, or remove `tolerationSeconds`."
        yield Problem(f"{where}.effect", f"{what} only pods that would be evicted stay for some seconds", fix)
