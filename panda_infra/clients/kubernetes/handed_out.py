"""Add a context to a person's kubeconfig, without a plug-in and with a credential that expires."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from panda_infra.clients.kubernetes.kubeconfig import Target, content_of
from panda_infra.clients.kubernetes.users import User, ends
from panda_infra.config import go_yaml

__all__ = ["HandedOut", "UnreadableFileError", "add_to", "handed_out", "with_context"]

_LISTS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_PRIVATE = 0o600


class UnreadableFileError(Exception):
    """The file that gets the context is not a kubeconfig."""


@dataclass(frozen=True, repr=False)
class HandedOut:
    """A cluster and a user without a plug-in; ``expires`` is None if the credential does not state it."""

    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    expires: datetime | None


def handed_out(target: Target) -> HandedOut:
    """Replace the plug-in of a target by the credential that it issues now.

    Raises:
        KubernetesNotAllowedError: the plug-in issues none.
    """
    if not target.user.get("exec"):
        return HandedOut(target.cluster, target.user, ends(target.user))
    issued = User(target).issued()
    rest = {key: value for key, value in target.user.items() if key != "exec"}
    user = rest | ({"token": issued.token} if issued.token else {}) | _pair(issued.certificate)
    return HandedOut(target.cluster, user, issued.expires or ends(user))


def with_context(
    document: Mapping[str, Any], name: str, access: HandedOut, *, namespace: str
) -> dict[str, Any]:
    """A kubeconfig with the context ``name``, added or replaced; all else stays.

    Raises:
        UnreadableFileError: the document is not a kubeconfig.
    """
    content: dict[str, dict[str, Any]] = {
        "clusters": dict(access.cluster),
        "users": dict(access.user),
        "contexts": {"cluster": name, "user": name, "namespace": namespace},
    }
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", **document}
    for kind, key in _LISTS.items():
        known = merged.get(kind) or []
        if not isinstance(known, list) or not all(isinstance(entry, Mapping) for entry in known):
            raise UnreadableFileError(kind)
        merged[kind] = [entry for entry in known if entry.get("name") != name] + [
            {"name": name, key: content[kind]}
        ]
    merged["current-context"] = merged.get("current-context") or name
    return merged


def add_to(file: Path, name: str, access: HandedOut, *, namespace: str) -> None:
    """Add a context to a file, which is made if it is missing, and readable only by its owner.

    Raises:
        UnreadableFileError: it is not a kubeconfig; it is not changed.
        OSError: it cannot be read or written.
    """
    file = file.resolve()
    try:
        document = content_of(file.read_text(encoding="utf-8-sig")) or {}
    except FileNotFoundError:
        document = {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableFileError(type(error).__name__) from None
    if not isinstance(document, Mapping):
        raise UnreadableFileError("no mapping")
    text = go_yaml.dump(with_context(document, name, access, namespace=namespace), sort_keys=False)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Replace the file atomically: a half-written kubeconfig would break the access to all clusters.
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        Path(draft).chmod(_PRIVATE)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _pair(certificate: str) -> dict[str, str]:
    """The keys of a kubeconfig for a certificate followed by its key (PEM)."""
    if not certificate:
        return {}
    encoded = base64.b64encode(certificate.encode()).decode()
    return {"client-certificate-data": encoded, "client-key-data": encoded}
