"""What the engine's state says of this stack, as the last run left it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pulumi

from panda_infra.policy.data import KEEPER, Deployed

__all__ = ["deployed_releases"]

_RELEASE = "kubernetes:helm.sh/v3:Release"
_READ = "pulumi:pulumi:readStackResourceOutputs"
_WHOLE_WITHIN = 5.0


def deployed_releases() -> dict[str, Deployed]:
    """Each Helm release in the state, by the component that it belongs to."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    resources: Mapping[str, Mapping[str, Any]] = (_read(name) or {}).get("outputs") or {}
    return {
        _name(urn): _deployed(found["outputs"]) for urn, found in resources.items() if _type(urn) == _RELEASE
    }


def _deployed(outputs: Mapping[str, Any]) -> Deployed:
    return Deployed(outputs["name"], outputs.get("values") or {}, outputs.get("postrender") == KEEPER)


def _read(name: str) -> Any:
    """Answered by the engine itself before the first resource is registered: no cluster is asked."""
    deadline = time.monotonic() + _WHOLE_WITHIN
    while True:
        try:
            return pulumi.runtime.invoke(_READ, {"stackName": name}).value
        except Exception:
            # A state that is kept in a file may be half written: the engine saves it while the program runs.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
