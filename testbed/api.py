"""The Kubernetes API as plain dictionaries, through the official client's connection handling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import config

from testbed.errors import BedError

Object = dict[str, Any]

_TIMEOUT = 10.0
_MERGE_PATCH = "application/merge-patch+json"
_BAD_REQUEST = 400
_GONE = 410


class ApiError(BedError):
    """The API server answered with an error: ``status`` is its HTTP code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnreachableError(BedError):
    """Nothing answers at the API server's address."""


class Api:
    """One cluster, by its kubeconfig. Safe to share between threads."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(str(kubeconfig), persist_config=False)

    def get(self, path: str) -> Object:
        """The object at ``path``, for example ``/api/v1/nodes/a``."""
        return self._call("GET", path)

    def exists(self, path: str) -> bool:
        """Return whether there is an object at a path.

        Raises:
            ApiError: the server refuses to answer.
        """
        try:
            self.get(path)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def list(self, path: str) -> list[Object]:
        """The items of the collection at ``path``, for example ``/api/v1/pods``."""
        items: list[Object] = self._call("GET", path).get("items") or []
        return items

    def serves(self, path: str) -> bool:
        """Return whether the collection at a path can be listed: that of a new definition can a little later."""
        try:
            self.list(path)
        except ApiError:
            return False
        return True

    def create(self, path: str, body: Object) -> Object:
        """Adds ``body`` to the collection at ``path``."""
        return self._call("POST", path, body)

    def merge(self, path: str, change: Object) -> Object:
        """Merges ``change`` into the object at ``path`` (JSON merge patch: null removes)."""
        return self._call("PATCH", path, change, _MERGE_PATCH)

    def replace(self, path: str, body: Object) -> Object:
        """Writes ``body`` over the object at ``path``."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """Asks for the deletion of the object at ``path``."""
        self._call("DELETE", path)

    def is_ready(self) -> bool:
        """Return whether the API server answers and all its start-up hooks have run."""
        try:
            self._read("GET", "/readyz")
        except (ApiError, UnreachableError):
            return False
        return True

    def follow(self, path: str) -> Iterator[Object]:
        """Every object of the collection at ``path``, then every one that is added or changed.

        The iterator ends after some minutes, when the server ends the watch; then call it again.
        """
        listing = self._call("GET", path)
        yield from listing.get("items") or []
        version = listing["metadata"]["resourceVersion"]
        response = self._open("GET", f"{path}?watch=true&resourceVersion={version}", timeout=None)
        for event in map(json.loads, _lines(response)):
            if event["type"] == "ERROR":
                raise ApiError(event["object"].get("code", _GONE), event["object"].get("message", ""))
            if event["type"] != "DELETED":
                yield event["object"]

    def _call(
        self, method: str, path: str, body: Object | None = None, kind: str = "application/json"
    ) -> Object:
        result: Object = json.loads(self._read(method, path, body, kind))
        return result

    def _read(
        self, method: str, path: str, body: Object | None = None, kind: str = "application/json"
    ) -> bytes:
        response = self._open(method, path, body, kind)
        data: bytes = response.data
        if response.status >= _BAD_REQUEST:
            raise ApiError(response.status, f"{method} {path}: {_message(data)}")
        return data

    def _open(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        kind: str = "application/json",
        timeout: float | None = _TIMEOUT,
    ) -> urllib3.HTTPResponse:
        url = self._client.configuration.host + path
        headers = {"Content-Type": kind, "Accept": "application/json"}
        try:
            answer = self._client.call_api(method, url, headers, body, _request_timeout=timeout)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{method} {url}: no answer ({type(error).__name__})") from error
        response: urllib3.HTTPResponse = answer.response
        return response


def _lines(response: urllib3.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    try:
        for block in response.stream(amt=None):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(f"watch was cut off ({type(error).__name__})") from error


def _message(data: bytes) -> str:
    """The message of a Status object, or the text itself."""
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace").strip()
