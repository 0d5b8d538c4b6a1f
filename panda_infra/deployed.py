"""What the engine's state says of this stack, as the last run left it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

__all__ = ["deployed_values"]

_RELEASE = "kubernetes:helm.sh/v3:Release"


def deployed_values() -> dict[str, Mapping[str, Any]]:
    """The chart values of each Helm release in the state, by the component that it belongs to."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    # Answered by the engine itself before the first resource is registered: no cluster is asked.
    found = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name}).value
    resources: Mapping[str, Mapping[str, Any]] = (found or {}).get("outputs") or {}
    return {
        _name(urn): outputs.get("values") or {}
        for urn, outputs in resources.items()
        if _type(urn) == _RELEASE
    }


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
