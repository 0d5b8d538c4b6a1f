"""The Kubernetes API for a pod, by its service account."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

__all__ = ["CallError", "in_cluster"]

_PATIENCE = 5.0
_CONTENT = {"PATCH": "application/merge-patch+json"}


class CallError(Exception):
    """The API refuses a request, or does not answer; ``status`` is that of HTTP, None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_conflict(self) -> bool:
        """True if somebody else has written the object in the meantime."""
        return self.status == HTTPStatus.CONFLICT


def in_cluster(host: str, port: str, account: Path) -> Callable[..., Any]:
    """Requests to the API server, with the account's token, which is read each time because the kubelet renews it.

    An answer is what its JSON says, or its ``text``, as of a log.
    """
    address = f"[{host}]" if ":" in host else host
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))
    # A pod reaches its API server directly, not through the proxies of the environment.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )

    def call(method: str, path: str, body: Any = None, *, text: bool = False) -> Any:
        token = (account / "token").read_text().strip()
        request = urllib.request.Request(
            f"https://{address}:{port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Content-Type": _CONTENT.get(method, "application/json"),
            },
            method=method,
        )
        try:
            with opener.open(request, timeout=_PATIENCE) as answer:
                return answer.read().decode(errors="replace") if text else json.load(answer)
        except HTTPError as error:
            with error:
                what = f"{method} {path}: the API answers {error.code} {_message(error)}"
            raise CallError(what, error.code) from None
        except (OSError, HTTPException, ValueError) as error:
            raise CallError(f"{method} {path}: no answer of the API ({error})") from None

    return call


def _message(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return ""
