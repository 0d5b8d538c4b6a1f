"""Kubeconfigs as kubectl and the engine's client read them, reduced to one cluster and one user.

The engine gets a kubeconfig as text, so what the files of a kubeconfig name by a path is put into the text: the state
then holds no path of a machine, and the text leads to the cluster from everywhere.
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
"""Where Kubernetes puts its token, in every pod."""

Document = dict[str, Any]

_KINDS = {"clusters": "cluster", "users": "user", "contexts": "context"}
# Files by the key that names them, and the key that takes their content.
_CLUSTER_FILES = {"certificate-authority": "certificate-authority-data"}
_USER_FILES = {"client-certificate": "client-certificate-data", "client-key": "client-key-data"}
_LONGEST_NAME = 100
_MOST_NAMES = 10  # that a message lists
_HOW = "Give the path of a kubeconfig file that `kubectl --kubeconfig PATH get nodes` accepts."


@dataclass(frozen=True)
class Source:
    """Where a kubeconfig comes from, as a person knows it; ``renew`` says how a new credential gets there."""

    name: str
    renew: str

    @classmethod
    def of_file(cls, name: str) -> Source:
        """A file of the operator's, or several."""
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
        """What a context of the kubeconfig with this text leads to, the current one unless another is named.

        Raises:
            KubeconfigError: the text is no kubeconfig, or there is no such context.
        """
        return choose(parse(text, self.name), context, self)


MAGNUM = Source(
    "the kubeconfig that Magnum signed", "Run the command again: each run asks Magnum for a new one."
)
STATE = Source("the kubeconfig in the engine's state", "Run `pulumi up`, which renews it.")


@dataclass(frozen=True, repr=False)
class Target:
    """The cluster and the user that a context of a kubeconfig names, with no file beside them."""

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
        """A kubeconfig of nothing else."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": dict(self.cluster)}],
            "users": [{"name": "user", "user": dict(self.user)}],
            "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
            "current-context": "context",
        }

    def text(self) -> str:
        """The same as text, equal wherever it is read."""
        return go_yaml.dump(self.document(), sort_keys=True)


def read(named: str) -> Document:
    """The kubeconfig of one path, or of several as in ``KUBECONFIG``: who names something first has it.

    Args:
        named: paths, with ``~`` and variables such as ``$KUBECONFIG``, or `IN_CLUSTER`.

    Raises:
        KubeconfigError: there is no such file, or it holds something else.
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
    """The lists of a kubeconfig, with the paths in it relative to ``folder``.

    Raises:
        KubeconfigError: it is none.
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
    """What kubectl reads in the text of a kubeconfig, None in an empty one.

    Raises:
        yaml.YAMLError: it is neither YAML nor JSON, for which ValueError and RecursionError stand too.
    """
    if text.lstrip().startswith("{"):  # tabs are no indentation to YAML, but to JSON they are
        return json.loads(text)
    node = yaml_nodes.compose(text)
    return None if node is None else go_yaml.build(node, go_yaml.native)


def choose(document: Document, context: str | None, source: Source) -> Target:
    """What a context leads to, the current one unless another is named, with the content of its files.

    Raises:
        KubeconfigError: there is no such context, or a file that it needs.
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
    """A file's text; of several files those that are not there are left out, as kubectl does."""
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
    """Make paths absolute; those of a kubeconfig that lies in no folder stay."""
    for key in keys:
        if folder and entry.get(key):
            entry[key] = str(Path(os.path.normpath(folder / str(entry[key]))))


def _whole(entry: Document, files: Mapping[str, str], where: str, source: Source) -> Document:
    """An entry with the content of its files; content that stands beside a path comes first."""
    whole = {key: value for key, value in entry.items() if key not in files and value not in (None, "")}
    for key, target in files.items():
        if entry.get(key) and not entry.get(target):
            content = _content(str(entry[key]), f"{where}: {key}", source)
            whole[target] = base64.b64encode(content).decode()
    # Of the pod that the program runs in, the token is renewed in its file, which has the same path in every pod.
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
    names = [_short(entry["name"]) for entry in entries]
    more = [f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *more]) or "it has none"


def _short(name: str) -> str:
    """A name in a message: something else may stand in its place, such as a certificate."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _place(error: Exception) -> str:
    """Where a text cannot be read; its content may be secret."""
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}, column {error.colno}"
    at = yaml_nodes.place(error)
    return f"no YAML at {at}" if at else "no YAML"
