"""Requests to an OCI registry, with the same proxies, authorities and log-ins as Helm.

It uses the standard library for the reasons in docs/decisions/0012-registry-client.md.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

from panda_infra.clients.registry.login import (
    Login,
    RegistryError,
    RegistryNotAllowedError,
    RegistryUnreachableError,
    config_files,
    login_for,
)

__all__ = ["Answer", "address", "ask"]

# Like Helm, use plain HTTP only for a registry on this machine.
_LOCAL = ("127.0.0.1", "localhost", "[::1]")
_FORM = "application/x-www-form-urlencoded"
_PATIENCE = 5  # seconds for one answer
_BUNDLE = "REQUESTS_CA_BUNDLE"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``url`` is its address after redirects."""

    status: int
    headers: Message
    url: str
    content: bytes = b""


def address(host: str, name: str, path: str) -> str:
    """The URL of a path below a repository, by the registry's host and port and the repository's name."""
    scheme = "http" if host.rsplit(":", 1)[0] in _LOCAL else "https"
    return f"{scheme}://{host}/v2/{name}/{path}"


def ask(
    method: str,
    url: str,
    what: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> Answer | None:
    """The registry's answer to a request, logged in if it demands that; None if there is no such thing.

    Args:
        method: of HTTP.
        url: of the registry's API, below a repository.
        what: the asked thing, for errors.
        headers: of the request.
        content: to send.

    Raises:
        RegistryError: no answer, or a refusal; the type distinguishes them.
    """
    host, path = urlsplit(url).netloc, urlsplit(url).path

    def sent(authorization: str = "") -> Answer:
        # A request that went through a proxy cannot be sent again.
        request = urllib.request.Request(url, content, dict(headers or {}), method=method)  # noqa: S310 - by `address`
        return _sent(request, host, authorization)

    answer = sent()
    if answer.status == HTTPStatus.UNAUTHORIZED and urlsplit(answer.url)[:2] == urlsplit(url)[:2]:
        answer = sent(_authorization(answer, host, _repository(path)))
    where = f"the registry {host} answers {answer.status} for {what}"
    if answer.status in _REFUSALS:
        raise _refused(where, host)
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise RegistryError(where)
    return answer


def _repository(path: str) -> str:
    """The repository in the path of a URL."""
    return re.split(r"/(?:manifests|blobs|tags|referrers)/", path.removeprefix("/v2/"))[0]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects by the same method, and never sends the Authorization header to their hosts."""

    @override
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected is not None:
            redirected.method = req.get_method()
        return redirected


def _sent(request: urllib.request.Request, host: str, authorization: str = "") -> Answer:
    if authorization:
        request.add_unredirected_header("Authorization", authorization)
    handlers: list[urllib.request.BaseHandler] = [_Redirects()]
    if request.type == "https":
        handlers.append(urllib.request.HTTPSHandler(context=_tls()))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_PATIENCE) as response:
            return Answer(response.status, response.headers, response.url, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            what = f"the registry {host} identifies itself by a certificate that is not trusted"
            raise RegistryError(f"{what} ({reason.verify_message})") from None
        if isinstance(reason, OSError):
            words = reason.strerror or "no answer"
            raise RegistryUnreachableError(f"the registry {host} cannot be reached ({words})") from None
        raise RegistryError(
            f"the registry {host} answers something else than HTTP, or has no such address"
        ) from None


def _tls() -> ssl.SSLContext:
    """The TLS context: trusts the machine's authorities, and those of REQUESTS_CA_BUNDLE."""
    context = ssl.create_default_context()
    if more := os.environ.get(_BUNDLE):
        context.load_verify_locations(**{"capath" if Path(more).is_dir() else "cafile": more})
    return context


def _authorization(refusal: Answer, host: str, name: str) -> str:
    """The Authorization header that the registry demands: the log-in itself, or a token for it.

    Raises:
        RegistryError: it cannot be obtained.
    """
    challenge = refusal.headers.get("WWW-Authenticate") or ""
    scheme, fields = challenge.partition(" ")[0].lower(), dict(_CHALLENGE.findall(challenge))
    login = login_for(host)
    if scheme == "basic" and login and login.basic:
        return f"Basic {login.basic}"
    if scheme == "bearer" and fields.get("realm"):
        return f"Bearer {_token(fields, host, name, login)}"
    raise _refused(f"the registry {host} wants a log-in", host)


def _token(fields: Mapping[str, str], host: str, name: str, login: Login | None) -> str:
    """A token of the registry's token service, for the log-in or anonymous."""
    if login and login.access:
        return login.access
    asked = {"service": fields.get("service", ""), "scope": fields.get("scope") or f"repository:{name}:pull"}
    realm = fields["realm"]
    if not realm.startswith(("https://", "http://")):
        raise RegistryError(f"the registry {host} names {realm!r} for its tokens, which is no address")
    if login and login.refresh:
        form = asked | {
            "grant_type": "refresh_token",
            "refresh_token": login.refresh,
            "client_id": "panda-infra",
        }
        request = urllib.request.Request(realm, urlencode(form).encode(), {"Content-Type": _FORM})  # noqa: S310 - see above
        answer = _sent(request, host)
    else:
        glue = "&" if urlsplit(realm).query else "?"
        request = urllib.request.Request(f"{realm}{glue}{urlencode(asked)}")  # noqa: S310 - see above
        answer = _sent(request, host, f"Basic {login.basic}" if login and login.basic else "")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RegistryError(f"the service that gives tokens for the registry {host} answers {answer.status}")
    if answer.status != HTTPStatus.OK:
        raise _refused(f"the registry {host} gives no token (HTTP {answer.status})", host)
    try:
        found = json.loads(answer.content)
        return str(found.get("access_token") or found["token"])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise RegistryError(f"the service that gives tokens for the registry {host} gives none") from None


def _refused(what: str, host: str) -> RegistryNotAllowedError:
    login = login_for(host)
    if login is None:
        looked = " and ".join(map(str, config_files()))
        return RegistryNotAllowedError(f"{what}, and nobody is logged in there (looked in {looked})")
    who = f"the log-in of user {login.user}" if login.user else "the log-in by a token"
    return RegistryNotAllowedError(f"{what}: it refuses {who}, from {login.file}, or that may not read it")
