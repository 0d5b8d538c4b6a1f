"""Rule about free-form chart values, which may not change values that the program derives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.messages import nearest
from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS, product_of
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.tree import MISSING, leaves, value_at

__all__ = ["check"]


_GLOBAL = {"secret": "every chart must find the stack's Secrets"}
# Keys of every sub-chart.
_SUB_CHART = {
    "enabled": "write it beside the sub-component's other keys instead",
    "replicaCount": "write `replicas` instead",
    "autoscaling": "the charts' autoscalers work on no current cluster (T36)",
    "fullnameOverride": "the others find it by the name that the stack's affix makes (T19)",
    "nameOverride": "the others find it by the name that the stack's affix makes (T19)",
}
_EXPOSURE = "write `hosts` and `exposure` instead (T33)"


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Only known top-level keys are allowed, none that the program itself sets, and no null."""
    config = subject.config
    for name, component in config.components.deployed().items():
        spec = COMPONENTS[name]
        where: Path = ("components", name, "values")
        yield from _unknown(spec, component.values, where)
        for path, reason in _derived(spec):
            if value_at(component.values, path) is not MISSING:
                what = "is not for free-form values to change"
                yield Problem(spelled((*where, *path)), what, f"Remove it: {reason}.")
        for path, value in leaves(component.values):
            if value is None:
                what = "is null, which the engine does not pass on: the chart's own value would stay"
                fix = "Write the value that the chart shall see, such as an empty text, list or mapping."
                yield Problem(spelled((*where, *path)), what, fix)


def _unknown(spec: ComponentSpec, values: Mapping[str, Any], where: Path) -> Iterator[Problem]:
    fixed = dict.fromkeys(str(path[0]) for path in spec.fixed_values)
    parts = () if spec.chart_form else (sub.name for sub in spec.sub_components)
    known = tuple(dict.fromkeys(("global", *parts, *spec.own_values, *fixed)))
    for key in values:
        if key not in known:
            near = nearest(key, known)
            what = f"the chart {spec.name} has no such value" + (f"; did you mean `{near}`?" if near else "")
            yield Problem(spelled((*where, key)), what, f"Keys known here: {', '.join(known)}.")


def _derived(spec: ComponentSpec) -> Iterator[tuple[Path, str]]:
    for key, reason in {**_GLOBAL, **product_of(spec.name).fixed_globals}.items():
        yield ("global", key), reason
    for sub in spec.sub_components:
        for key, reason in _SUB_CHART.items():
            yield (sub.name, key), reason
    yield from spec.fixed_values.items()
    for endpoint in spec.endpoints:
        base = tuple(endpoint.key.split("."))
        yield from (((*base, key), _EXPOSURE) for key in ("enabled", "hosts", "tls", "className"))
        for other in (endpoint.route, endpoint.gateway):
            if other:
                yield (*other.split("."), "enabled"), _EXPOSURE
