"""The calls that reviews make to a code forge, and the HTTP client that the forges share."""

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
    """The forge refuses, does not answer, or is unknown."""


class ForgeUnreachableError(ForgeError, NoAnswerError):
    """Nothing answers at the forge's address."""


class ForgeNotAllowedError(ForgeError, NotAllowedError):
    """The forge refuses the token or the request."""


class ForgeNotFoundError(ForgeError, NotFoundError):
    """The thing does not exist, or is hidden from this token: forges answer both in the same way."""


@dataclass(frozen=True)
class Issue:
    """An open issue: its number and its text."""

    number: int
    body: str


class Forge(Protocol):
    """A code forge with merge requests, comments, issues and files that its runs keep."""

    limit: int
    """The largest comment or issue in bytes."""

    def comments(self, request: int) -> Iterator[str]:
        """The texts of a request's comments."""

    def comment(self, request: int, marker: str, text: str) -> None:
        """Write the comment that contains ``marker`` to a request, or update it."""

    def issue(self, marker: str, label: str) -> Issue | None:
        """The open issue with this label that contains ``marker``."""

    def open_issue(self, title: str, text: str, label: str) -> None:
        """Open an issue."""

    def update_issue(self, number: int, text: str) -> None:
        """Replace the text of an issue."""

    def close_issue(self, number: int) -> None:
        """Close an issue."""

    def merged_request(self, commit: str) -> int | None:
        """The number of the request whose merge made a commit."""

    def reviewed(self, stack: str, request: int) -> Mapping[str, bytes] | None:
        """The files of the last review of a stack in a request, by name; None if there are none."""


class Client:
    """JSON over HTTP with a token, in pages."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update(headers)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return the answer's JSON.

        Raises:
            ForgeError: it was refused, or got no answer.
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
        """Each entry of a list, from all pages."""
        number = 1
        while True:
            glue = "&" if "?" in path else "?"
            entries = self.send("GET", f"{path}{glue}per_page={_PAGE}&page={number}")
            yield from entries
            if len(entries) < _PAGE:
                return
            number += 1

    def download(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
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
                f"{method} {where} failed ({status}): run the job again, or see the forge's own message"
            )
        return response


def required(variable: str) -> str:
    """A variable of the environment.

    Raises:
        ForgeError: it is not set.
    """
    value = os.environ.get(variable)
    if not value:
        raise ForgeError(f"{variable} is not set: run this in a workflow, see docs/review-a-preview.md")
    return value


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of a zip archive by name, without their folders."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            return {
                Path(name).name: packed.read(name) for name in packed.namelist() if not name.endswith("/")
            }
    except zipfile.BadZipFile:
        raise ForgeError("what the review kept is no zip archive: run the review again") from None
