"""A sub-chart's values -> a sub-component of the stack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_infra.migration.checkout import Tree, mapping
from panda_infra.plan.values.volumes import SHARED_LOGS
from panda_infra.products.model import Claim, SubComponentSpec
from panda_infra.products.workloads import SubComponent

__all__ = ["Classes", "sub_component"]

# These values have the same name and form in the stack file; others are converted.
_SAME = ("tolerations", "affinity", "nodeSelector", "sharedCache")
_RENAMED = {"replicaCount": "replicas", "podAnnotations": "annotations"}
_TEXTS = ("extraEnv", "serverConf")


class Classes:
    """The stack's storage: its usual class, and ``shared``, true if components share one log claim."""

    def __init__(self, usual: str | None, *, shared: bool) -> None:
        self.usual = usual
        self.shared = shared


def sub_component(spec: SubComponentSpec, default: SubComponent, values: Tree, classes: Classes) -> Tree:
    """The keys of the stack file from which a sub-component gets upstream's values again."""
    enabled = values.get("enabled", default.enabled)
    if spec.switchable and not enabled:
        return {"enabled": False} if default.enabled else {}
    known = {info.alias for info in type(default).model_fields.values()}
    found: Tree = {name: values[name] for name in _SAME if name in known and values.get(name)}
    for name, here in _RENAMED.items():
        if here in known and values.get(name):
            found[here] = values[name]
    for name in _TEXTS:
        if name in known and values.get(name):
            found[name] = {key: str(value) for key, value in mapping(values[name]).items()}
    if spec.switchable and enabled != default.enabled:
        found["enabled"] = True
    cvmfs = mapping(values.get("cvmfs"))
    if "cvmfs" in known and cvmfs.get("enabled"):
        found["cvmfs"] = cvmfs.get("repositories") or []
    given = mapping(values.get("image"))
    parts = {
        "image": {key: str(given[key]) for key in ("repository", "tag") if given.get(key)},
        "resources": _resources(mapping(values.get("resources"))),
        "volumes": {
            claim.name: volume for claim in spec.claims if (volume := _volume(claim, values, classes))
        },
    }
    return found | {name: part for name, part in parts.items() if part}


def _resources(values: Mapping[str, Mapping[str, Any]]) -> Tree:
    return {
        kind: {name: str(quantity) for name, quantity in mapping(amounts).items()}
        for kind, amounts in values.items()
        if kind in ("requests", "limits") and mapping(amounts)
    }


def _volume(claim: Claim, values: Tree, classes: Classes) -> Tree:
    given = mapping(values.get(claim.key))
    if claim.optional and not given.get("mount"):
        return {}
    adopted = claim.existing(given)
    if adopted is True:
        adopted = SHARED_LOGS
    sub_path = given.get("subPath")
    if adopted == SHARED_LOGS and classes.shared and sub_path == claim.shared_path:
        return {}
    if adopted:
        return {"claim": adopted} | ({"subPath": sub_path} if sub_path else {})
    if classes.shared and claim.shared_path and not given.get("class"):
        return {}
    volume: Tree = {}
    wanted = given.get("class")
    own = wanted and wanted not in ("manual", classes.usual)
    # An explicit class keeps the sub-component's own claim instead of the shared one.
    if own or (wanted and classes.shared and claim.shared_path):
        volume["class"] = wanted
    if given.get("size"):
        volume["size"] = str(given["size"])
    return volume
