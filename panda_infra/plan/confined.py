"""The rights of pods that the program describes itself: no token, no capability, a user who owns nothing."""

from __future__ import annotations

from typing import Any

from panda_infra.config.stack import Settings

__all__ = ["confined_container", "confined_pod", "confined_user", "from_secret"]

_NOBODY = 65534


def confined_container() -> dict[str, Any]:
    """The security context of a container, which writes to mounted volumes alone."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def confined_user(config: Settings, *, group: bool = False) -> dict[str, Any]:
    """The security context of a pod; with a ``group`` its volumes belong to that of its user."""
    # OpenShift gives every namespace users and groups of its own.
    fields = () if config.is_rootless else ("runAsUser", "runAsGroup", *(("fsGroup",) if group else ()))
    return {
        "runAsNonRoot": True,
        **dict.fromkeys(fields, _NOBODY),
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def confined_pod(config: Settings, *, group: bool = False) -> dict[str, Any]:
    """The fields of a pod that never asks the API; ``group`` as in `confined_user`."""
    return {
        **config.pull,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": confined_user(config, group=group),
    }


def from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    """A variable of a container with the value of a Secret's key."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
