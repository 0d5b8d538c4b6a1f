"""The one client of the Kubernetes API, for any request.

Three failures have error types of their own: no answer, a refusal, and a missing object. The error of a refusal names
the credential and the way to replace it.
"""

from __future__ import annotations

import http.client
import json
import select
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any, Protocol
from urllib.parse import urlencode

from panda_infra.clients.kubernetes.connection import Dialer
from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesNotFoundError,
    KubernetesUnreachableError,
)
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.clients.kubernetes.users import Credential, User, check_user, ends, kind_of
from panda_infra.ends import moment

__all__ = ["APPLY", "JSON", "KubernetesApi", "KubernetesClient"]

JSON = "application/json"
APPLY = "APPLY"
"""The method of a server-side apply, sent as PATCH."""

_CONTENT = {"PATCH": "application/merge-patch+json", APPLY: "application/apply-patch+yaml"}
_FIRST_ERROR = 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_TRANSIENT = (429, 500, 502, 503, 504)
_PATIENCE = 30.0
_CONNECTS, _TRIES = 3, 7  # connections are retried for 1.5 s, server errors for half a minute
_PAUSE, _LONGEST = 0.5, 30.0
_MANAGER = "panda-infra"


class KubernetesApi(Protocol):
    """Any request to the Kubernetes API; may raise `KubernetesError`."""

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        """Send a request and return the answer's content; with ``missing``, None if the object or kind does not exist.

        ``accept`` is the form of the answer, such as a listing of metadata only, or a log as text.
        """

    def answers(self) -> bool:
        """True if anything answers at the API's address, with any credential or none."""


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class _Answer:
    status: int
    reason: str
    headers: Message
    content: bytes

    @property
    def is_of_an_api(self) -> bool:
        """True if an API server gave the answer, not a proxy: only an API server sends an audit id or a Status."""
        return "Audit-Id" in self.headers or b'"Status"' in self.content

    @property
    def words(self) -> str:
        """The API's message, else the HTTP reason."""
        try:
            return str(json.loads(self.content)["message"])
        except (ValueError, LookupError, TypeError):
            return self.reason


class KubernetesClient(KubernetesApi):
    """The API of a target. Safe to share between threads.

    Args:
        target: the cluster and the user.
        patience: seconds for each step of a connection and for each answer.
        retries: whether to retry failed connections, and answers 429 and 5xx after the pause of Retry-After.
    """

    def __init__(self, target: Target, *, patience: float = _PATIENCE, retries: bool = True) -> None:
        check_user(target)
        self.target = target
        self._dialer = Dialer(target, patience=patience)
        self._user = User(target)
        self._retries = retries
        self._idle: list[tuple[str, http.client.HTTPConnection]] = []

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        """Send one request; with ``missing``, return None if the object or kind does not exist.

        Raises:
            KubernetesError: the API refuses or cannot be reached; the type distinguishes them.
            KubeconfigError: the kubeconfig's own certificates cannot be used.
        """
        parameters = [*query, *([("fieldManager", _MANAGER)] if method in _CONTENT else [])]
        url = f"{path}?{urlencode(parameters)}" if parameters else path
        kind = _CONTENT.get(method, JSON)
        content = json.dumps(body).encode() if body is not None else None
        answer = self._answered(
            _Request(
                "PATCH" if method == APPLY else method, url, {"Content-Type": kind, "Accept": accept}, content
            )
        )
        if answer.status == _NOT_FOUND and missing and answer.is_of_an_api:
            return None
        if answer.status >= _FIRST_ERROR:
            raise self._error(f"{method} {path}", answer)
        if JSON not in accept:
            return answer.content.decode(errors="replace")
        try:
            return json.loads(answer.content)
        except ValueError:
            what = f"{method} {path}: {self.target.server} answers something else than JSON"
            raise KubernetesError(what, self._no_api, status=answer.status) from None

    @property
    def _no_api(self) -> str:
        return (
            f"Something answers at {self.target.server}, but no API server: check `server` in the kubeconfig."
        )

    def answers(self) -> bool:
        """True if anything answers by HTTP at the address; sends no credential.

        Raises:
            KubernetesError: a failure on the way, such as a proxy's, hides the answer.
        """
        try:
            self._exchanged(self._dialer.open(""), _Request("GET", "/version"), Credential())
        except KubernetesUnreachableError:
            return False
        return True

    def _answered(self, request: _Request) -> _Answer:
        renewed = False
        for attempt in range(_TRIES):
            last = not self._retries or attempt == _TRIES - 1
            try:
                answer = self._once(request, listening=attempt > 0)
            except KubernetesUnreachableError as error:
                # The server may have carried out a request that was sent: only idempotent ones are sent twice.
                if (
                    last
                    or attempt >= _CONNECTS - 1
                    or (isinstance(error, _SentError) and request.method == "POST")
                ):
                    raise
                time.sleep(_PAUSE * 2**attempt)
                continue
            if answer.status == _UNAUTHORIZED and not renewed and self._user.renewed():
                renewed = True
            elif last or answer.status not in _TRANSIENT:
                return answer
            else:
                time.sleep(_pause(answer, attempt))
        return answer

    def _once(self, request: _Request, *, listening: bool = False) -> _Answer:
        credential = self._user.credential()
        while self._idle:
            certificate, idle = self._idle.pop()
            # An idle connection that is readable was closed by the server.
            if certificate == credential.certificate and not select.select([idle.sock], [], [], 0)[0]:
                return self._exchanged(idle, request, credential)
            idle.close()
        connection = self._dialer.open(credential.certificate)
        if listening and credential.certificate:
            self._listen(connection)
        return self._exchanged(connection, request, credential)

    def _listen(self, connection: http.client.HTTPConnection) -> None:
        """Wait a moment for a TLS alert about the certificate, which would be lost if a request were sent first.

        Raises:
            KubernetesError: the server closes the connection; the type depends on the reason.
        """
        former = connection.sock.gettimeout()
        connection.sock.settimeout(_PAUSE)
        try:
            connection.sock.recv(1)
        except TimeoutError:
            connection.sock.settimeout(former)
        except OSError as error:
            connection.close()
            raise _cut_off(f"the Kubernetes API at {self.target.server}", error) from None

    def _exchanged(
        self, connection: http.client.HTTPConnection, request: _Request, credential: Credential
    ) -> _Answer:
        where = (
            f"{request.method} {request.url.partition('?')[0]}: the Kubernetes API at {self.target.server}"
        )
        headers = {**request.headers, **self._dialer.headers, "Content-Length": str(len(request.body or b""))}
        try:
            connection.putrequest(
                request.method, f"{self._dialer.prefix}{request.url}", skip_accept_encoding=True
            )
            for name, value in (*headers.items(), *credential.headers):
                connection.putheader(name, value)
            connection.endheaders(request.body)
            response = connection.getresponse()
            answer = _Answer(response.status, response.reason, response.headers, response.read())
        except (http.client.RemoteDisconnected, http.client.IncompleteRead, OSError) as error:
            connection.close()
            raise _cut_off(where, error) from None
        except (http.client.HTTPException, ValueError) as error:
            connection.close()
            raise KubernetesError(
                f"{where} answers something else than HTTP ({type(error).__name__})"
            ) from None
        if response.will_close:
            connection.close()
        else:
            self._idle.append((credential.certificate, connection))
        return answer

    def _error(self, request: str, answer: _Answer) -> KubernetesError:
        what = f"{request}: the Kubernetes API answers {answer.status} {answer.words}"
        if answer.status == _NOT_FOUND and answer.is_of_an_api:
            return KubernetesNotFoundError(what, status=answer.status)
        if answer.status == _NOT_FOUND:
            return KubernetesError(what, self._no_api, status=answer.status)
        if answer.status not in (_UNAUTHORIZED, _FORBIDDEN):
            return KubernetesError(what, status=answer.status)
        target = self.target
        end = ends(target.user)
        who = f"user {target.user_name or '(none)'}, context {target.context}, of {target.source.name}"
        credential = f"It refuses the {kind_of(target.user)} of {who}"
        if answer.status == _FORBIDDEN:
            fix = f"It knows the user ({who}), who may not do this: ask the cluster's administrator for the right."
        elif end and end <= datetime.now(UTC):
            fix = f"{credential}, which ended on {moment(end)}. {target.source.renew}"
        else:
            until = f" (by itself valid until {moment(end)})" if end else ""
            fix = f"{credential}{until}, which has ended or was withdrawn. {target.source.renew}"
        return KubernetesNotAllowedError(what, fix, status=answer.status)


class _SentError(KubernetesUnreachableError):
    """A request was sent and got no answer."""


def _cut_off(where: str, error: Exception) -> KubernetesError:
    """The error for a closed connection: with TLS 1.3, a server refuses a certificate only after the handshake."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        what = f"{where} ends the connection ({error.reason})"
        if "ALERT" in (error.reason or ""):
            return KubernetesNotAllowedError(
                what, "It refuses the client certificate: make the kubeconfig anew."
            )
        return KubernetesError(what)
    fix = "Check the network or VPN, and that the API server runs."
    return _SentError(f"{where} cannot be reached ({type(error).__name__})", fix)


def _pause(answer: _Answer, attempt: int) -> float:
    """Seconds until the next try: Retry-After of the server, else doubled each time."""
    asked = answer.headers.get("Retry-After") or ""
    return min(float(asked), _LONGEST) if asked.isdigit() else _PAUSE * 2**attempt
