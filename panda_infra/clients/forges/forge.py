"""What reviews need of a code forge, and which forge a run belongs to."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests

from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError, PandaInfraError

__all__ = ["GITHUB_LIMIT", "GITLAB_LIMIT", "Client", "Forge", "ForgeError", "Issue", "required", "unpack"]

GITHUB_LIMIT = 65_536
"""Bytes of a comment."""
GITLAB_LIMIT = 1_000_000
"""Bytes of a comment."""
_PATIENCE = 30  # seconds for one answer
_PAGE = 100
_REFUSALS = (401, 403)


class ForgeError(PandaInfraError):
    """The forge refuses, does not answer, or is not known."""


class ForgeUnreachableError(ForgeError, NoAnswerError):
    """Nobody answers at the forge's address."""


class ForgeNotAllowedError(ForgeError, NotAllowedError):
    """The forge refuses the token, or what is asked with it."""


class ForgeNotFoundError(ForgeError, NotFoundError):
    """There is no such thing, or it is not for this token: forges do not tell the two apart."""


@dataclass(frozen=True)
class Issue:
    """An open issue: its number and its text."""

    number: int
    body: str


class Forge(Protocol):
    """A code forge with requests to merge, comments, issues, and files that its runs kept."""

    limit: int
    """Bytes that a comment or an issue may have."""

    def comments(self, request: int) -> Iterator[str]:
        """The texts of a request's comments."""

    def comment(self, request: int, marker: str, text: str) -> None:
        """Write the comment that holds ``marker`` to a request, or bring the present one up to date."""

    def issue(self, marker: str, label: str) -> Issue | None:
        """The open issue with this label that holds ``marker``."""

    def open_issue(self, title: str, text: str, label: str) -> None:
        """Open an issue."""

    def update_issue(self, number: int, text: str) -> None:
        """Give an issue another text."""

    def close_issue(self, number: int) -> None:
        """Close an issue."""

    def merged_request(self, commit: str) -> int | None:
        """The request whose merge made a commit."""

    def reviewed(self, stack: str, request: int) -> Mapping[str, bytes] | None:
        """The files that the last review of a stack kept for a request, by name; None when there are none."""


class Client:
    """JSON over HTTP with a token, in pages."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update(headers)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request and give the answer's JSON.

        Raises:
            ForgeError: it was refused, or there was no answer.
        """
        response = self._request(method, path, body)
        try:
            return response.json() if response.content else None
        except ValueError:
            where = f"{method} {path.partition('?')[0]}"
            raise ForgeError(
                f"{where} was answered with something else than JSON: check {self._url}"
            ) from None

    def pages(self, path: str) -> Iterator[Any]:
        """Each entry of a list, over all of its pages."""
        number = 1
        while True:
            glue = "&" if "?" in path else "?"
            entries = self.send("GET", f"{path}{glue}per_page={_PAGE}&page={number}")
            yield from entries
            if len(entries) < _PAGE:
                return
            number += 1

    def download(self, path: str) -> bytes | None:
        """A file; None when there is none."""
        try:
            return self._request("GET", path).content
        except ForgeNotFoundError:
            return None

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        where = path.partition("?")[0]
        try:
            response = self._session.request(method, f"{self._url}{path}", json=body, timeout=_PATIENCE)
        except requests.RequestException as error:
            raise ForgeUnreachableError(
                f"{self._url} does not answer ({type(error).__name__}): run the job again"
            ) from None
        if response.status_code == requests.codes.not_found:
            raise ForgeNotFoundError(
                f"{method} {where} was answered with 404: check the token's rights and the number"
            )
        if not response.ok:
            status = f"{response.status_code} {response.reason}"
            if response.status_code in _REFUSALS:
                raise ForgeNotAllowedError(
                    f"{method} {where} was refused ({status}): check the rights of the run's token, and its end"
                )
            raise ForgeError(
                f"{method} {where} failed ({status}): run the job again, or see what the forge says"
            )
        return response


def required(variable: str) -> str:
    """A variable of the run's environment.

    Raises:
        ForgeError: it is not set.
    """
    value = os.environ.get(variable)
    if not value:
        raise ForgeError(f"{variable} is not set: run this in a workflow, see docs/review-a-preview.md")
    return value


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of a zip archive by their own names, without folders."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            return {
                Path(name).name: packed.read(name) for name in packed.namelist() if not name.endswith("/")
            }
    except zipfile.BadZipFile:
        raise ForgeError("what the review kept is no zip archive: run the review again") from None
