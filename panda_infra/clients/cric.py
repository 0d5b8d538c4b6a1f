"""Download lists of a CRIC by HTTPS.

The standard library trusts the machine's authorities and accepts a grid proxy as a client certificate.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import IO, Any
from urllib.parse import urljoin

from typing_extensions import override

from panda_infra.clients.patience import asked
from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError, PandaInfraError

__all__ = ["LARGEST_ANSWER", "Access", "download", "without_query"]

LARGEST_ANSWER = 32 * 1024 * 1024
"""Largest accepted answer in bytes: no list of a CRIC is larger, even with a lot of white space."""
_SLICE = 1024 * 1024
_LOGIN = "a certificate or grid proxy that CRIC knows, by `--certificate`, may open it"


@dataclass(frozen=True)
class Access:
    """Settings for requests to a CRIC.

    ``authorities`` is a file or folder of PEM certificates instead of the machine's own. ``certificate`` is a PEM
    file with the client's certificate, ``key`` one with its key if the first has none. ``patience`` is in seconds, for
    a whole answer.
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    patience: float = 60

    def context(self) -> ssl.SSLContext:
        """The TLS context with the trusted authorities and the client's certificate.

        Raises:
            PandaInfraError: a file cannot be used.
        """
        context = _trusting(self.authorities) if self.authorities else ssl.create_default_context()
        if self.certificate:
            _identify(context, self.certificate, self.key)
        return context


def download(urls: Mapping[str, str], access: Access) -> dict[str, bytes | PandaInfraError]:
    """Download all addresses at once; returns the content or the error of each.

    Raises:
        PandaInfraError: a file of ``access`` cannot be used.
    """
    context = access.context()
    until = monotonic() + access.patience
    answers = {name: asked(partial(_content, url, context, access.patience)) for name, url in urls.items()}
    return {name: _outcome(urls[name], answer, until, access.patience) for name, answer in answers.items()}


def _outcome(url: str, answer: Future[bytes], until: float, patience: float) -> bytes | PandaInfraError:
    try:
        return answer.result(max(0, until - monotonic()))
    except NotYetError:
        return NoAnswerError(f"{without_query(url)} gives no whole answer in {patience:g} seconds")
    except PandaInfraError as error:
        return error


def without_query(url: str) -> str:
    """An address for a message, without its query, which may identify a person."""
    return url.partition("?")[0]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the client's certificate is meant only for the given address."""

    @override
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _content(url: str, context: ssl.SSLContext, patience: float) -> bytes:
    where = without_query(url)
    request = urllib.request.Request(  # noqa: S310 - only https passes the check of addresses
        url, headers={"Accept": "application/json", "User-Agent": "panda-infra"}
    )
    opener = urllib.request.build_opener(_NoRedirects(), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=patience) as response:
            content = _read(response, where)
            kind = response.headers.get_content_type()
    except urllib.error.HTTPError as error:
        raise _refused(error, url) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(error, where) from None
    if kind == "text/html" or content.lstrip()[:1] == b"<":
        raise NotAllowedError(
            f"{where} answers with a page for people instead of JSON: a log-in, or no list; {_LOGIN}"
        )
    return content


def _read(response: http.client.HTTPResponse, where: str) -> bytes:
    content = bytearray()
    while piece := response.read(_SLICE):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise PandaInfraError(
                f"{where} answers with more than {LARGEST_ANSWER} bytes: ask for less by `--list`"
            )
    if response.length:
        raise http.client.IncompleteRead(bytes(content))  # the library raises it only without slices
    return bytes(content)


def _refused(error: urllib.error.HTTPError, url: str) -> PandaInfraError:
    where, code = without_query(url), error.code
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return NotAllowedError(f"{where} refuses (HTTP {code}): {_LOGIN}")
    if code == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"{where} is not there (HTTP 404): name the address of CRIC's API, or `--list`")
    if HTTPStatus.MULTIPLE_CHOICES <= code < HTTPStatus.BAD_REQUEST:
        target = _target(url, error.headers.get("Location") or "")
        return NotAllowedError(
            f"{where} leads to {target} (HTTP {code}), which is not followed: name that address if the list is "
            f"there; if it is a log-in, {_LOGIN}"
        )
    return PandaInfraError(f"{where} answers HTTP {code}, which is no list: try again later")


def _target(url: str, location: str) -> str:
    try:
        return without_query(urljoin(url, location))
    except ValueError:
        return "no address"


def _unreachable(error: Exception, where: str) -> PandaInfraError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = f"is not trusted ({reason.verify_message}): name its authority by `--ca`"
        return PandaInfraError(f"the certificate of {where} {why}")
    if isinstance(reason, ssl.SSLError | ConnectionResetError | BrokenPipeError):
        # A server may close the connection before its TLS alert about the certificate arrives.
        words = str(getattr(reason, "reason", None) or reason.strerror or "without a word").lower()
        return NoAnswerError(
            f"{where} breaks the connection off ({words.replace('_', ' ')}): it may want another `--certificate`"
        )
    if isinstance(reason, TimeoutError):
        return NoAnswerError(f"{where} does not answer in time")
    if isinstance(reason, OSError):
        return NoAnswerError(f"{where} cannot be reached ({reason.strerror or str(reason) or 'no answer'})")
    return NoAnswerError(
        f"{where} answers something else than HTTP, or breaks off: it may want another `--certificate`"
    )


def _trusting(authorities: Path) -> ssl.SSLContext:
    where = str(authorities)
    try:
        if authorities.is_dir():
            return ssl.create_default_context(capath=where)
        return ssl.create_default_context(cafile=where)
    except ssl.SSLError:
        raise PandaInfraError(f"--ca: {authorities} holds no certificates in PEM form") from None
    except OSError as error:
        raise PandaInfraError(f"--ca: {authorities} cannot be read: {error.strerror}") from None


def _identify(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    files = f"{certificate} and {key}" if key else str(certificate)
    for file in filter(None, (certificate, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise PandaInfraError(f"--certificate: {file} cannot be read: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except _EncryptedKeyError:
        raise PandaInfraError(
            f"--certificate: the key in {key or certificate} has a passphrase: use a grid proxy, or a key without"
        ) from None
    except (ssl.SSLError, ValueError):
        what = "a certificate and the key that belongs to it, in PEM form"
        raise PandaInfraError(
            f"--certificate: {files} must hold {what}; `--key` names another file of the key"
        ) from None


class _EncryptedKeyError(Exception):
    """A key has a passphrase, for which OpenSSL would ask at the terminal."""


def _no_passphrase() -> str:
    raise _EncryptedKeyError
