"""Free-form chart values are a last resort: what the program derives is not theirs to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.catalog.components import COMPONENTS
from panda_infra.catalog.model import ComponentSpec
from panda_infra.config.messages import nearest
from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem
from panda_infra.plan.values.merge import ABSENT, value_at
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


# Top-level keys of a chart beside its sub-charts and `global`.
_OWN_KEYS = {"panda": ("nodeRecovery",), "ui": ("ingress", "imagePullSecrets", "serviceAccount")}
_GLOBAL = {
    "secret": "every chart must find the stack's Secrets",
    "deploymentName": "Harvester would lose the identity and database host of its Secret (T35)",
    "existingTlsSecret": "jedi and every Ingress ignore it (T32); the charts' own Secrets are used instead",
    "hostOverwrite": "write `hosts: {ui: ...}` instead",
}
# Keys of every sub-chart.
_SUB_CHART = {
    "enabled": "write it beside the sub-component's other keys instead",
    "replicaCount": "write `replicas` instead",
    "autoscaling": "the charts' autoscalers work on no current cluster (T36)",
    "fullnameOverride": "the others find it by the name that the stack's affix makes (T19)",
    "nameOverride": "the others find it by the name that the stack's affix makes (T19)",
}
_PARTICULAR: dict[Path, str] = {
    ("harvester", "harvester", "experiment"): "it follows from the stack's experiment (T35)",
    ("harvester", "harvester", "sharedLogs"): "the shared claim is made before all releases (T20)",
    ("panda", "server", "configFile"): "it follows from the stack's experiment (T35)",
    ("panda", "jedi", "configFile"): "it follows from the stack's experiment (T35)",
    ("panda", "nodeRecovery", "enabled"): "write `nodeRecovery` beside the component's other keys instead",
}
_EXPOSURE = "write `hosts` and `exposure` instead (T33)"


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """Known top-level keys only, and none that the program sets itself."""
    config = subject.config
    for name, component in config.components.deployed().items():
        spec = COMPONENTS[name]
        where: Path = ("components", name, "values")
        yield from _unknown(spec, component.values, where)
        for path, reason in _derived(spec):
            if value_at(component.values, path) is not ABSENT:
                what = "is not for free-form values to change"
                yield Problem(spelled((*where, *path)), what, f"Remove it: {reason}.")


def _unknown(spec: ComponentSpec, values: Mapping[str, Any], where: Path) -> Iterator[Problem]:
    known = ("global", *(sub.name for sub in spec.sub_components), *_OWN_KEYS.get(spec.name, ()))
    for key in values:
        if key not in known:
            near = nearest(key, known)
            what = f"the chart {spec.name} has no such value" + (f"; did you mean `{near}`?" if near else "")
            yield Problem(spelled((*where, key)), what, f"Keys known here: {', '.join(known)}.")


def _derived(spec: ComponentSpec) -> Iterator[tuple[Path, str]]:
    for key, reason in _GLOBAL.items():
        yield ("global", key), reason
    for sub in spec.sub_components:
        for key, reason in _SUB_CHART.items():
            yield (sub.name, key), reason
    for path, reason in _PARTICULAR.items():
        if path[0] == spec.name:
            yield path[1:], reason
    for endpoint in spec.endpoints:
        base = tuple(endpoint.key.split("."))
        yield from (((*base, key), _EXPOSURE) for key in ("enabled", "hosts", "tls", "className"))
        for other in (endpoint.route, endpoint.gateway):
            if other:
                yield (*other.split("."), "enabled"), _EXPOSURE
