"""Whether the API server of a kubeconfig answers, and lets the kubeconfig's user in."""

from __future__ import annotations

import base64
import http
import http.client
import json
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

__all__ = ["Target", "answer", "connect", "target"]

_PATIENCE = 3.0  # seconds until an API server that does not answer counts as unreachable
# A question that every user who is known to the API server may ask.
_REVIEW = {
    "apiVersion": "authorization.k8s.io/v1",
    "kind": "SelfSubjectAccessReview",
    "spec": {"resourceAttributes": {"resource": "namespaces", "verb": "list"}},
}
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# With no more than these, Python's own TLS does; the official client costs a third of a second to import.
_PLAIN_CLUSTER = {"server", "certificate-authority-data", "tls-server-name"}
_PLAIN_USER = {"client-certificate-data", "client-key-data", "token"}


@dataclass(frozen=True)
class Target:
    """The cluster and the user that a context of a kubeconfig names, as the kubeconfig has them."""

    cluster: Mapping[str, Any]
    user: Mapping[str, Any]

    @property
    def address(self) -> SplitResult:
        """Of the API server."""
        return urlsplit(str(self.cluster["server"]))

    @property
    def port(self) -> int:
        """Of the API server."""
        return self.address.port or self.usual_port

    @property
    def usual_port(self) -> int:
        """Of the address' scheme."""
        return http.client.HTTP_PORT if self.address.scheme == "http" else http.client.HTTPS_PORT

    @property
    def is_plain(self) -> bool:
        """Whether its credentials are all in it: no files, no plug-ins."""
        return self.cluster.keys() <= _PLAIN_CLUSTER and self.user.keys() <= _PLAIN_USER


def target(kubeconfig: Any, context: str | None) -> Target:
    """What a context leads to, the current one unless another is named.

    Raises:
        LookupError, TypeError: the document is no kubeconfig with such a context and a server.
    """
    chosen = _named(kubeconfig["contexts"], context or kubeconfig["current-context"])["context"]
    found = Target(
        cluster=_named(kubeconfig["clusters"], chosen["cluster"])["cluster"],
        user=_named(kubeconfig.get("users") or [], chosen.get("user"), {}).get("user") or {},
    )
    _ = found.cluster["server"]
    return found


def connect(target: Target) -> socket.socket:
    """A connection to the API server.

    Raises:
        OSError: nobody answers within seconds.
    """
    return socket.create_connection((target.address.hostname or "", target.port), timeout=_PATIENCE)


def answer(target: Target, text: str, context: str | None) -> tuple[int, str]:
    """The HTTP status, and the words with it, of the API server to the user of a kubeconfig given as text.

    Raises:
        Exception: of any kind, from TLS or from the kubeconfig's plug-in.
    """
    return _plain_answer(target) if target.is_plain else _client_answer(text, context)


def _plain_answer(target: Target) -> tuple[int, str]:
    token = target.user.get("token")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection = http.client.HTTPConnection(target.address.hostname or "", target.port)
    # The Host header leaves out the usual port of the scheme, as proxies in front of API servers expect.
    connection.default_port = target.usual_port
    with closing(_encrypted(target)) as connection.sock:
        connection.request("POST", target.address.path.rstrip("/") + _REVIEWS, json.dumps(_REVIEW), headers)
        response = connection.getresponse()
        return response.status, response.reason


def _encrypted(target: Target) -> socket.socket:
    """A connection as the address has it: with TLS unless it says plain HTTP."""
    tls = None if target.address.scheme == "http" else _tls(target)
    plain = connect(target)
    # A request is written in two parts; the second would wait for the first's acknowledgement.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return plain
    name = target.cluster.get("tls-server-name") or target.address.hostname
    return tls.wrap_socket(plain, server_hostname=name)


def _tls(target: Target) -> ssl.SSLContext:
    authority = target.cluster.get("certificate-authority-data")
    context = ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)
    certificate, key = (target.user.get(f"client-{part}-data") for part in ("certificate", "key"))
    if certificate and key:
        with _file(base64.b64decode(certificate) + b"\n" + base64.b64decode(key)) as path:
            context.load_cert_chain(path)
    return context


@contextmanager
def _file(content: bytes) -> Iterator[Path]:
    """A file for this user alone, as long as it is needed."""
    with tempfile.NamedTemporaryFile(suffix=".kubeconfig") as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def _client_answer(text: str, context: str | None) -> tuple[int, str]:
    from kubernetes import client, config  # noqa: PLC0415 - slow, for kubeconfigs with files or plug-ins only

    with _file(text.encode()) as path:
        settings = client.Configuration()
        settings.retries = False
        config.load_kube_config(str(path), context=context, client_configuration=settings)
        with client.ApiClient(settings) as api:
            try:
                reviews = client.AuthorizationV1Api(api)
                reviews.create_self_subject_access_review(_REVIEW, _request_timeout=_PATIENCE)
            except client.ApiException as error:
                return error.status, error.reason
    return http.HTTPStatus.CREATED, http.HTTPStatus.CREATED.phrase


def _named(entries: Any, name: str | None, default: Any = None) -> Any:
    found = next((entry for entry in entries if entry["name"] == name), default)
    if found is None:
        raise LookupError(name)
    return found
