"""Read kubeconfigs like kubectl and the engine's client, and reduce them to one cluster and one user.

The engine gets a kubeconfig as text, so the content of files that it names by path is put into the text: the state
then holds no path of a machine, and the text works on every machine.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from panda_infra.clients.kubernetes.errors import KubeconfigError
from panda_infra.clients.kubernetes.shape import wrong_key
from panda_infra.config import go_yaml, yaml_nodes
from panda_infra.errors import shortened

__all__ = [
    "IN_CLUSTER",
    "MAGNUM",
    "SERVICE_ACCOUNT",
    "STATE",
    "Source",
    "Target",
    "choose",
    "content_of",
    "parse",
    "read",
]

IN_CLUSTER = "in-cluster"
"""Stands for the service account of the pod that the program runs in."""
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""The folder of its token in every pod."""

Document = dict[str, Any]

_KINDS = {"clusters": "cluster", "users": "user", "contexts": "context"}
# From the key with a file's path to the key with its content.
_CLUSTER_FILES = {"certificate-authority": "certificate-authority-data"}
_USER_FILES = {"client-certificate": "client-certificate-data", "client-key": "client-key-data"}
_LONGEST_NAME = 100
_MOST_NAMES = 10  # listed in a message
_HOW = "Give the path of a kubeconfig file that `kubectl --kubeconfig PATH get nodes` accepts."


@dataclass(frozen=True)
class Source:
    """The origin of a kubeconfig, for messages; ``renew`` states how to store a new credential there."""

    name: str
    renew: str

    @classmethod
    def of_file(cls, name: str) -> Source:
        """One or several files of the operator."""
        if name == IN_CLUSTER:
            return cls(
                "the pod's service account", "Start the pod again, or give its service account the rights."
            )
        renew = (
            f"Get a new one where this one came from (`oc login`, Rancher's Download KubeConfig, your cluster's "
            f"administrator), and put it into {name}."
        )
        return cls(name, renew)

    def target(self, text: str, context: str | None = None) -> Target:
        """The target of a context in the text of a kubeconfig; without a name, of the current context.

        Raises:
            KubeconfigError: the text is not a kubeconfig, or the context is missing.
        """
        return choose(parse(text, self.name), context, self)


MAGNUM = Source(
    "the kubeconfig that Magnum signed", "Run the command again: each run asks Magnum for a new one."
)
STATE = Source("the kubeconfig in the engine's state", "Run `pulumi up`, which renews it.")


@dataclass(frozen=True, repr=False)
class Target:
    """The cluster and the user of a context, with the content of their files."""

    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    context: str
    user_name: str
    source: Source

    @property
    def server(self) -> str:
        """URL of the API server."""
        server = str(self.cluster["server"]).rstrip("/")
        return server if "://" in server else f"http://{server}"

    def document(self) -> Document:
        """A kubeconfig with only this cluster and user."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": dict(self.cluster)}],
            "users": [{"name": "user", "user": dict(self.user)}],
            "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
            "current-context": "context",
        }

    def text(self) -> str:
        """The document as text, the same on every machine."""
        return go_yaml.dump(self.document(), sort_keys=True)


def read(named: str) -> Document:
    """Read the kubeconfig of one path, or of several as in ``KUBECONFIG``: the first entry of a name is used.

    Args:
        named: paths, with ``~`` and variables such as ``$KUBECONFIG``, or `IN_CLUSTER`.

    Raises:
        KubeconfigError: the file is missing, or is not a kubeconfig.
    """
    if named == IN_CLUSTER:
        return _in_cluster()
    paths = [Path(part).expanduser() for part in os.path.expandvars(named).split(os.pathsep) if part]
    merged: Document = {kind: [] for kind in _KINDS}
    texts = [(path, text) for path in paths if (text := _text_of(path, needed=len(paths) == 1)) is not None]
    if not texts:
        raise KubeconfigError(f"no readable file at {named!r}", _HOW)
    for path, text in texts:
        document = parse(text, str(path), folder=path.absolute().parent)
        for kind in _KINDS:
            known = {entry["name"] for entry in merged[kind]}
            merged[kind] += [entry for entry in document[kind] if entry["name"] not in known]
        merged["current-context"] = merged.get("current-context") or document.get("current-context")
    return merged


def parse(text: str, name: str, *, folder: Path | None = None) -> Document:
    """Parse a kubeconfig; its relative paths start at ``folder``.

    Raises:
        KubeconfigError: the text is not a kubeconfig.
    """
    try:
        document = content_of(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise KubeconfigError(f"{name} is not a kubeconfig: {_place(error)}", _HOW) from None
    if not isinstance(document, dict) or not any(kind in document for kind in _KINDS):
        raise KubeconfigError(f"{name} is not a kubeconfig: no clusters, users and contexts", _HOW)
    found = {kind: list(_entries(document, kind, name)) for kind in _KINDS}
    for kind, files in (("clusters", _CLUSTER_FILES), ("users", _USER_FILES)):
        for entry in found[kind]:
            _anchor(entry[_KINDS[kind]], (*files, "tokenFile"), folder)
    for user in found["users"]:
        plugin = user["user"].get("exec")
        if plugin and os.sep in str(plugin.get("command")):
            _anchor(plugin, ("command",), folder)
    current = document.get("current-context")
    return {**found, "current-context": current if isinstance(current, str) else None}


def content_of(text: str) -> Any:
    """The content of a kubeconfig's text as kubectl reads it; None if it is empty.

    Raises:
        yaml.YAMLError: it is not YAML.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    if text.lstrip().startswith("{"):  # JSON may be indented by tabs, YAML may not
        return json.loads(text)
    node = yaml_nodes.compose(text)
    return None if node is None else go_yaml.build(node, go_yaml.native)


def choose(document: Document, context: str | None, source: Source) -> Target:
    """The target of a context, with the content of its files; without a name, of the current context.

    Raises:
        KubeconfigError: the context or a file that it needs is missing.
    """
    name = context or document.get("current-context")
    if not name:
        what = f"{source.name} is not a kubeconfig with a current context"
        raise KubeconfigError(what, f"Name one in cluster.context: {_names(document['contexts'])}.")
    chosen = _named(document["contexts"], name)
    if chosen is None:
        what = f"{source.name} is not a kubeconfig with a context {_short(name)!r}"
        raise KubeconfigError(what, f"Name one that it has: {_names(document['contexts'])}.")
    entry, user_name = chosen["context"], str(chosen["context"].get("user") or "")
    cluster = _named(document["clusters"], entry.get("cluster"))
    if cluster is None or not cluster["cluster"].get("server"):
        what = f"{source.name} is not a kubeconfig with a server for context {_short(name)!r}"
        raise KubeconfigError(what, _HOW)
    user = _named(document["users"], user_name)
    if user is None and user_name:
        what = f"{source.name} is not a kubeconfig with the user {_short(user_name)!r} of context {_short(name)!r}"
        raise KubeconfigError(what, _HOW)
    return Target(
        cluster=_whole(cluster["cluster"], _CLUSTER_FILES, f"cluster {cluster['name']}", source),
        user=_whole(user["user"] if user else {}, _USER_FILES, f"user {user_name}", source),
        context=name,
        user_name=user_name,
        source=source,
    )


def _in_cluster() -> Document:
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        what = f"{IN_CLUSTER}: this machine is no pod with a service account"
        raise KubeconfigError(
            what, "Run the program in a pod, or name a kubeconfig file in cluster.kubeconfig."
        )
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")}
    return {
        "clusters": [{"name": IN_CLUSTER, "cluster": cluster}],
        "users": [{"name": IN_CLUSTER, "user": {"tokenFile": str(SERVICE_ACCOUNT / "token")}}],
        "contexts": [{"name": IN_CLUSTER, "context": {"cluster": IN_CLUSTER, "user": IN_CLUSTER}}],
        "current-context": IN_CLUSTER,
    }


def _text_of(path: Path, *, needed: bool) -> str | None:
    """A file's text; like in kubectl, one of several files may be missing."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if not needed:
            return None
        raise KubeconfigError(f"no readable file at {str(path)!r}", _HOW) from None
    except OSError as error:
        raise KubeconfigError(f"no readable file at {str(path)!r} ({error.strerror})", _HOW) from None
    except UnicodeDecodeError:
        raise KubeconfigError(f"{path} is not a kubeconfig: no text in UTF-8", _HOW) from None


def _entries(document: Document, kind: str, name: str) -> Iterator[Document]:
    inner = _KINDS[kind]
    listed = document.get(kind) or []
    if not isinstance(listed, list):
        raise KubeconfigError(f"{name} is not a kubeconfig: {kind} is no list", _HOW)
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise KubeconfigError(f"{name} is not a kubeconfig: an entry of {kind} has no name", _HOW)
        content = entry.get(inner) or {}
        if not isinstance(content, dict):
            what = f"{name} is not a kubeconfig: {kind}, {_short(entry['name'])}: {inner} is no mapping"
            raise KubeconfigError(what, _HOW)
        if wrong := wrong_key(content):
            what = (
                f"{name} is not a kubeconfig: {kind}, {_short(entry['name'])}: {wrong} is of the wrong type"
            )
            raise KubeconfigError(what, "Write true or false for a switch, everything else in quotes.")
        yield {"name": entry["name"], inner: dict(content)}


def _anchor(entry: Document, keys: Sequence[str], folder: Path | None) -> None:
    """Make paths absolute; without a folder they stay as they are."""
    for key in keys:
        if folder and entry.get(key):
            entry[key] = str(Path(os.path.normpath(folder / str(entry[key]))))


def _whole(entry: Document, files: Mapping[str, str], where: str, source: Source) -> Document:
    """An entry with the content of its files; content in the entry itself takes precedence over a path."""
    whole = {key: value for key, value in entry.items() if key not in files and value not in (None, "")}
    for key, target in files.items():
        if entry.get(key) and not entry.get(target):
            content = _content(str(entry[key]), f"{where}: {key}", source)
            whole[target] = base64.b64encode(content).decode()
    # Kubernetes renews the token of a service account in its file, which has the same path in every pod.
    token = entry.get("tokenFile")
    if token and not Path(token).is_relative_to(SERVICE_ACCOUNT):
        del whole["tokenFile"]
        whole["token"] = _content(str(token), f"{where}: tokenFile", source).decode(errors="replace").strip()
    return whole


def _content(path: str, where: str, source: Source) -> bytes:
    if not Path(path).is_absolute():
        what = f"{source.name}: {where}: {path!r} is relative, and a stored kubeconfig lies in no folder"
        fix = (
            "Store what `kubectl config view --raw --minify --flatten` prints: it holds what the files hold."
        )
        raise KubeconfigError(what, fix)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        what = f"{source.name}: {where}: no readable file at {path!r} ({error.strerror})"
        raise KubeconfigError(what, "Correct the path in the kubeconfig, or bring the file back.") from None


def _named(entries: Sequence[Document], name: object) -> Document | None:
    return next((entry for entry in entries if entry["name"] == name), None)


def _names(entries: Sequence[Document]) -> str:
    return shortened([_short(entry["name"]) for entry in entries], most=_MOST_NAMES) or "it has none"


def _short(name: str) -> str:
    """A name for a message, shortened: the text in its place may be a secret, such as a certificate."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _place(error: Exception) -> str:
    """The line and column of a syntax error, without the text, which may be secret."""
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}, column {error.colno}"
    at = yaml_nodes.place(error)
    return f"no YAML at {at}" if at else "no YAML"
