"""The inside of a cluster: answers of Services and commands in pods, by way of the API server."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from websocket import WebSocket, WebSocketBadStatusException, WebSocketException, WebSocketTimeoutException

from panda_infra.clients.kubernetes.connection import Dialer
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.clients.kubernetes.users import User

__all__ = ["Answer", "Ended", "Inside", "InsideByApi"]

_PROTOCOL = "v4.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS = range(4)
_LONGEST = 1 << 20
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Answer:
    """The answer of a Service: the status of HTTP, and at most a megabyte of its content."""

    status: int
    text: str


@dataclass(frozen=True)
class Ended:
    """The exit code of a command, and what it has printed, errors too."""

    code: int
    output: str


class Inside(Protocol):
    """The inside of one namespace; each method may raise `KubernetesError`."""

    def answer(self, service: str, port: int, path: str, *, secure: bool, seconds: float) -> Answer:
        """The answer of a Service to a GET, by TLS if ``secure``; no certificate is verified."""

    def run(
        self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
    ) -> Ended:
        """Run a command in a container; ``stdin`` is sent, but its end cannot be announced."""


class InsideByApi(Inside):
    """The inside of a namespace of a target. Safe to share between threads: each request has its own connection."""

    def __init__(self, target: Target, namespace: str) -> None:
        self._target = target
        self._user = User(target)
        self._namespace = f"/api/v1/namespaces/{namespace}"

    def answer(self, service: str, port: int, path: str, *, secure: bool, seconds: float) -> Answer:
        """The answer of a Service to a GET.

        Raises:
            KubernetesError: the API server refuses, or does not reach the Service within the time.
        """
        ends = time.monotonic() + seconds
        where = f"Service {service}, port {port}"
        scheme = "https" if secure else "http"
        dialer, connection, headers = self._opened(seconds)
        try:
            connection.putrequest(
                "GET", f"{dialer.prefix}{self._namespace}/services/{scheme}:{service}:{port}/proxy{path}"
            )
            for name, value in {**dialer.headers, **headers, "Accept": "application/json"}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            text = _content(connection, response, ends).decode(errors="replace")
        except TimeoutError:
            raise KubernetesError(f"{where}: no answer within {seconds:.0f} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise KubernetesError(f"{where}: the connection broke ({type(error).__name__})") from None
        finally:
            connection.close()
        if words := _words_of_the_api(text):
            raise _refusal(where, response.status, words)
        return Answer(response.status, text)

    def run(
        self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
    ) -> Ended:
        """Run a command in a container.

        Raises:
            KubernetesError: the API server refuses, or the command does not end within the time.
        """
        where, ends = f"a command in pod {pod}", time.monotonic() + seconds
        dialer, connection, headers = self._opened(seconds)
        if dialer.prefix.startswith("http"):
            connection.close()
            raise KubernetesError(f"{where} cannot pass a proxy that forwards plain HTTP")
        asked = [("container", container), ("stdout", "true"), ("stderr", "true")]
        asked += [("stdin", "true")] if stdin else []
        query = urlencode([*asked, *(("command", word) for word in words)], quote_via=quote)
        socket: Any = WebSocket()  # not all of its methods are typed
        try:
            socket.connect(
                f"ws://{dialer.host}:{dialer.port}{dialer.prefix}{self._namespace}/pods/{pod}/exec?{query}",
                socket=connection.sock,
                header=headers,
                subprotocols=[_PROTOCOL],
                suppress_origin=True,
                redirect_limit=0,
            )
            if stdin:
                socket.send_binary(bytes([_STDIN]) + stdin.encode())
            return _ended(socket, where, ends)
        except WebSocketBadStatusException as error:
            text = (error.resp_body or b"").decode(errors="replace")
            raise _refusal(where, error.status_code, _words_of_the_api(text) or text[:200]) from None
        except (WebSocketTimeoutException, TimeoutError):
            raise KubernetesError(f"{where} did not end within {seconds:.0f} s") from None
        except (WebSocketException, OSError) as error:
            raise KubernetesError(f"{where}: the connection broke ({type(error).__name__})") from None
        finally:
            socket.shutdown()
            connection.close()

    def _opened(self, seconds: float) -> tuple[Dialer, http.client.HTTPConnection, dict[str, str]]:
        dialer, credential = Dialer(self._target, patience=seconds), self._user.credential()
        return dialer, dialer.open(credential.certificate), dict(credential.headers)


def _content(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, ends: float
) -> bytes:
    content = b""
    while len(content) < _LONGEST:
        if connection.sock is not None:  # the last response of a connection has taken it over
            connection.sock.settimeout(_left(ends))
        block = response.read1(_BLOCK)
        if not block:
            break
        content += block
    return content


def _ended(socket: Any, where: str, ends: float) -> Ended:
    printed = b""
    while True:
        socket.settimeout(_left(ends))
        frame: Any = socket.recv()
        data: bytes = frame if isinstance(frame, bytes) else frame.encode()
        if not data:
            raise KubernetesError(f"{where}: the API server ended the connection without a result")
        channel, content = data[0], data[1:]
        if channel == _STATUS:
            return Ended(_code(where, content), printed.decode(errors="replace"))
        if channel in (_STDOUT, _STDERR) and len(printed) < _LONGEST:
            printed += content


def _code(where: str, content: bytes) -> int:
    status: Mapping[str, Any] = json.loads(content)
    if status.get("status") == "Success":
        return 0
    for cause in (status.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise KubernetesError(f"{where} cannot be run: {status.get('message') or 'no reason is given'}")


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _words_of_the_api(text: str) -> str:
    """The message of the API server, if it and not what it was asked for gave this answer."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    is_status = isinstance(found, dict) and found.get("kind") == "Status" and found.get("apiVersion") == "v1"
    return str(found.get("message") or found.get("reason") or "no reason is given") if is_status else ""


def _refusal(where: str, status: int, words: str) -> KubernetesError:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return KubernetesNotAllowedError(f"{where}: {words}", status=status)
    return KubernetesError(f"{where}: {words}", status=status)
