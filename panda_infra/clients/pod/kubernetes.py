"""The Kubernetes API for a pod, by its service account."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from panda_infra.clients.pod.errors import CallError

__all__ = ["in_cluster"]

_PATIENCE = 5.0
_CONTENT = {"PATCH": "application/merge-patch+json"}


def in_cluster(host: str, port: str, account: Path) -> Callable[..., Any]:
    """Requests to the API server, with the account's token, which is read each time because the kubelet renews it.

    An answer is what its JSON says, or its ``text``, as of a log.
    """
    address = f"[{host}]" if ":" in host else host
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))
    # No proxy of the environment is between a pod and its API server.
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
                what = f"{method} {path}: the API answers {error.code} {_message(error.read())}"
            raise CallError(what, error.code) from None
        except (OSError, ValueError) as error:
            raise CallError(f"{method} {path}: no answer of the API ({error})") from None

    return call


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, LookupError, TypeError):
        return ""
