"""Run credential plug-ins: the programs in ``exec`` of a kubeconfig, such as those of EKS, GKE and OIDC."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.clients.kubernetes.kubeconfig import Target

__all__ = ["Issued", "run_plugin"]

_WITHIN = 60.0  # seconds for a plug-in without a terminal
_LINES = 5
_EXTENSION = "client.authentication.k8s.io/exec"  # part of a cluster's entry that is meant for the plug-in
_CLUSTER = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)


@dataclass(frozen=True, repr=False)
class Issued:
    """A plug-in's credential: a token, a certificate with its key (PEM), or both, and its end."""

    token: str = ""
    certificate: str = ""
    expires: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """True if a new one is needed."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


def run_plugin(target: Target) -> Issued:
    """Run the plug-in of a kubeconfig.

    Raises:
        KubernetesNotAllowedError: it issues no credential; the message has the plug-in's own words.
    """
    plugin: Mapping[str, Any] = target.user["exec"]
    command = [str(plugin["command"]), *map(str, plugin.get("args") or ())]
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
    try:
        done = subprocess.run(
            command,
            env={
                **os.environ,
                **_environment(plugin),
                "KUBERNETES_EXEC_INFO": _question(target, interactive),
            },
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Only a person at a terminal has to see the plug-in's prompts.
            stderr=None if interactive else subprocess.PIPE,
            timeout=None if interactive else _WITHIN,
            check=False,
        )
    except FileNotFoundError:
        raise _missing(target, plugin) from None
    except OSError as error:
        raise _failed(target, f"cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise _failed(target, f"gave nothing within {_WITHIN:.0f} s") from None
    if done.returncode:
        words = (done.stderr or b"").decode(errors="replace").strip().splitlines()[-_LINES:]
        output = "; ".join(line.strip() for line in words) or "the reason is above"
        raise _failed(target, f"failed with exit code {done.returncode}: {output}")
    return _issued(target, plugin, done.stdout)


def _environment(plugin: Mapping[str, Any]) -> dict[str, str]:
    return {str(pair["name"]): str(pair.get("value") or "") for pair in plugin.get("env") or ()}


def _question(target: Target, interactive: bool) -> str:
    plugin, cluster = target.user["exec"], target.cluster
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        extensions = {one["name"]: one["extension"] for one in cluster.get("extensions") or ()}
        known = {key: cluster.get(key) for key in _CLUSTER} | {"config": extensions.get(_EXTENSION)}
        spec["cluster"] = {key: value for key, value in known.items() if value is not None}
    return json.dumps({"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec})


def _issued(target: Target, plugin: Mapping[str, Any], output: bytes) -> Issued:
    try:
        answer = json.loads(output)
        version, status = answer["apiVersion"], answer["status"]
        certificate, key = (status.get(f"client{part}Data") or "" for part in ("Certificate", "Key"))
        token, ends = status.get("token") or "", status.get("expirationTimestamp")
        expires = datetime.fromisoformat(ends) if ends else None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _failed(target, "printed no ExecCredential") from None
    if version != plugin["apiVersion"]:
        raise _failed(target, f"answers as {version}, the kubeconfig wants {plugin['apiVersion']}")
    if bool(certificate) != bool(key) or not (token or certificate):
        raise _failed(target, "gave neither a token nor a certificate with its key")
    return Issued(token, f"{certificate}\n{key}" if certificate else "", expires)


def _failed(target: Target, what: str) -> KubernetesNotAllowedError:
    command = target.user["exec"]["command"]
    who = f"user {target.user_name} in {target.source.name}"
    fix = (
        "Log in anew by the plug-in's own command, until `kubectl get namespaces` works with this kubeconfig."
    )
    return KubernetesNotAllowedError(f"no credential for {who}: the plug-in {command} {what}", fix)


def _missing(target: Target, plugin: Mapping[str, Any]) -> KubernetesNotAllowedError:
    who = f"user {target.user_name} in {target.source.name}"
    fix = str(plugin.get("installHint") or "").strip() or "Install it, or give its path in the kubeconfig."
    return KubernetesNotAllowedError(f"no credential for {who}: there is no plug-in {plugin['command']}", fix)
