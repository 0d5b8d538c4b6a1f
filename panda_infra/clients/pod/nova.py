"""The states of servers in Nova, by an application credential, which can be limited to reading servers."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

__all__ = ["ID", "SECRET", "Nova"]

ID, SECRET = "id", "secret"
"""The keys of the credential's Secret."""

_PATIENCE = 5.0
_TOKEN_LIVES = 600.0


class Nova:
    """Nova of one region.

    Args:
        auth_url: the address of Keystone, with or without ``/v3``.
        region: empty where the cloud has only one.
        credential: reads `ID` and `SECRET`, at each log-in.
    """

    def __init__(self, auth_url: str, region: str, credential: Callable[[], Mapping[str, str]]) -> None:
        self._auth_url = auth_url.rstrip("/").removesuffix("/v3")
        self._region = region
        self._credential = credential
        self._session: tuple[str, str, float] | None = None

    def server(self, uuid: str) -> Mapping[str, Any] | None:
        """A server as Nova describes it; None if the project has none of this UUID.

        Raises:
            OSError: the cloud refuses or does not answer; the message contains nothing secret.
        """
        token, compute = self._logged_in()
        try:
            _, answer = _exchanged("GET", f"{compute}/servers/{uuid}", {"X-Auth-Token": token})
        except _RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            self._session = None
            raise
        found = answer.get("server")
        if not isinstance(found, dict):
            raise OSError(f"{compute} answers something else than a server")
        return found

    def _logged_in(self) -> tuple[str, str]:
        if self._session and time.monotonic() < self._session[2]:
            return self._session[:2]
        identity = {"methods": ["application_credential"], "application_credential": self._credential()}
        headers, answer = _exchanged(
            "POST", f"{self._auth_url}/v3/auth/tokens", {}, {"auth": {"identity": identity}}
        )
        token = str(headers.get("X-Subject-Token") or "")
        compute = self._endpoint(answer)
        self._session = (token, compute, time.monotonic() + _TOKEN_LIVES)
        return token, compute

    def _endpoint(self, answer: Mapping[str, Any]) -> str:
        catalog = (answer.get("token") or {}).get("catalog") or ()
        for service in catalog:
            for endpoint in service.get("endpoints") or () if service.get("type") == "compute" else ():
                if endpoint.get("interface") == "public" and self._region in ("", endpoint.get("region")):
                    return str(endpoint["url"]).rstrip("/")
        where = f" in region {self._region}" if self._region else ""
        raise OSError(f"the catalog of {self._auth_url} has no Nova{where}")


class _RefusedError(OSError):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _exchanged(
    method: str, url: str, headers: Mapping[str, str], body: Any = None
) -> tuple[Mapping[str, str], Any]:
    """The headers and the content of an answer."""
    if not url.startswith(("https://", "http://")):
        raise OSError(f"{url} is no address of HTTP")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={**headers, "Accept": "application/json", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            return answer.headers, json.load(answer)
    except HTTPError as error:
        error.close()
        raise _RefusedError(f"{method} {url} is answered by {error.code}", error.code) from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise OSError(f"{method} {url} is not answered ({reason})") from None
