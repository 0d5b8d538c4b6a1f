"""Asks an OCI registry for a chart, over the proxies, authorities and log-ins of this machine as Helm does.

By the standard library, since this is part of every run: importing another HTTP client takes longer than the answer.
"""

from __future__ import annotations

import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from typing_extensions import override

__all__ = ["Answer", "manifest"]

# Helm, too, speaks plain HTTP to a registry on this machine and nowhere else.
_LOCAL = ("127.0.0.1", "localhost", "[::1]")
_KIND = "application/vnd.oci.image.manifest.v1+json"
_PATIENCE = 5  # seconds for one answer
_BUNDLE = "REQUESTS_CA_BUNDLE"


@dataclass(frozen=True)
class Answer:
    """What a registry says of a manifest."""

    status: int
    headers: Message

    @property
    def digest(self) -> str:
        """Of the manifest, as ``sha256:...``; empty if the registry does not tell."""
        return str(self.headers.get("Docker-Content-Digest", ""))


def manifest(repository: str, chart: str, version: str) -> Answer:
    """What the registry says of a version of a chart.

    Args:
        repository: ``oci://host/path`` below which charts lie by their names.
        chart: its name.
        version: a tag.

    Raises:
        OSError: the registry cannot be asked, or answers something else than HTTP.
        ValueError: its address is none.
    """
    host, _, path = repository.removeprefix("oci://").partition("/")
    scheme = "http" if host.rsplit(":", 1)[0] in _LOCAL else "https"
    url = f"{scheme}://{host}/v2/{path}/{chart}/manifests/{version}"
    answer = _ask(url, {})
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _ask(url, _authorization(answer, host, f"{path}/{chart}:{version}"))
    return answer


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Keeps to HEAD. What authorizes is no part of the request that is redirected, and so is told to nobody else."""

    @override
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected is not None:
            redirected.method = req.get_method()
        return redirected


def _ask(url: str, authorization: Mapping[str, str]) -> Answer:
    request = urllib.request.Request(url, headers={"Accept": _KIND}, method="HEAD")  # noqa: S310 - by _LOCAL
    for name, value in authorization.items():
        request.add_unredirected_header(name, value)
    handlers: list[urllib.request.BaseHandler] = [_Redirects()]
    if request.type == "https":
        handlers.append(urllib.request.HTTPSHandler(context=_tls()))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_PATIENCE) as response:
            return Answer(response.status, response.headers)
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers)
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from None
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP: {type(error).__name__}") from error


def _tls() -> ssl.SSLContext:
    """Trusts the machine's authorities, and those that it names for HTTP clients in Python."""
    context = ssl.create_default_context()
    if more := os.environ.get(_BUNDLE):
        context.load_verify_locations(**{"capath" if Path(more).is_dir() else "cafile": more})
    return context


def _authorization(refusal: Answer, host: str, name: str) -> Mapping[str, str]:
    """What the registry demands: a token, from the log-in that Helm and Docker share if there is one."""
    from oras.client import OrasClient  # noqa: PLC0415 - slow, for registries that demand a token only

    # Its HTTP client would take authorities of its own.
    authorities = os.environ.get(_BUNDLE) or ssl.get_default_verify_paths().cafile or True
    client = OrasClient(hostname=host, tls_verify=authorities)
    client.auth.load_configs(client.get_container(f"{host}/{name}"))
    headers: Mapping[str, str]
    # It looks at nothing but the headers of the refusal.
    headers, _ = client.auth.authenticate_request(refusal, {})
    return headers
