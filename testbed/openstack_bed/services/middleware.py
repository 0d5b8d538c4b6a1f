"""Middleware of every API: writes the request log and gives the answers that a test switched on."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from testbed.openstack_bed.faults import Answer, FaultFile
from testbed.openstack_bed.request_log import Request
from testbed.openstack_bed.settings import Settings

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_KEEP_BODY = ("nova", "magnum")


def watched(service: str, application: Application, settings: Settings) -> Application:
    """``application`` with logged requests, and with the answers of faults."""
    log = settings.log / "requests.jsonl"
    faults = FaultFile(settings.folder)

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.time()
        method = environ["REQUEST_METHOD"]
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING")
        body = _body(environ) if service in _KEEP_BODY else None
        fault = faults.take(service, method, path)

        def logged(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            request = Request(
                at=began,
                service=service,
                method=method,
                path=f"{path}?{query}" if query else path,
                microversion=_microversion(environ.get("HTTP_OPENSTACK_API_VERSION")),
                agent=environ.get("HTTP_USER_AGENT", "").partition("/")[0],
                status=int(status.partition(" ")[0]),
                milliseconds=round(1000 * (time.time() - began)),
                fault=fault is not None,
                body=body,
            )
            _append(log, request.line())
            return start_response(status, headers, *more)

        if fault is None:
            return application(environ, logged)
        if fault.late:
            list(application(environ, lambda *_: None))
        return _refuse(service, fault, logged)

    return answer


def _body(environ: Environ) -> Any:
    """The JSON body, which the service can read again; None if there is none."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length:
        return None
    content = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(content)
    try:
        return json.loads(content)
    except ValueError:
        return None


def _microversion(header: str | None) -> str | None:
    return header.split()[-1] if header else None


def _append(log: Path, line: str) -> None:
    # One unbuffered write in append mode, so that lines of several processes do not mix.
    with log.open("ab", buffering=0) as file:
        file.write(line.encode())


def _refuse(service: str, fault: Answer, start_response: StartResponse) -> Iterable[bytes]:
    status = HTTPStatus(fault.status)
    headers = [("Content-Type", "application/json")]
    if fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    start_response(f"{status.value} {status.phrase}", headers)
    return [json.dumps(_error(service, status)).encode()]


def _error(service: str, status: HTTPStatus) -> dict[str, Any]:
    """An error in the format of the service's own errors."""
    text = "A fault of the test bed."
    if status == HTTPStatus.UNAUTHORIZED:  # keystonemiddleware answers for every service
        return {"error": {"code": status.value, "title": status.phrase, "message": text}}
    if service == "magnum":
        return {
            "errors": [
                {"status": status.value, "code": "", "title": status.phrase, "detail": text, "links": []}
            ]
        }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {"overLimit": {"code": status.value, "message": text}}
    return {"computeFault": {"code": status.value, "message": text}}
