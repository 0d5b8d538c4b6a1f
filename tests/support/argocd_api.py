"""Argo CD's own API, as its web page uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from typing_extensions import override

from tests.support.oidc import Provider

__all__ = ["ArgoCdApi"]


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it leads to names that only the world outside knows."""

    @override
    def redirect_request(self, *_arguments: Any) -> None:
        return None


class ArgoCdApi:
    """The API at an address; ``host`` is the name by which people know it."""

    def __init__(self, address: str, host: str) -> None:
        self._address = address
        self._host = host
        self._opener = urllib.request.build_opener(_Staying)

    def log_in(self, name: str, password: str) -> str:
        """The token of a local account; empty if it is refused."""
        status, answer, _ = self._ask("/api/v1/session", body={"username": name, "password": password})
        return str(answer["token"]) if status == 200 else ""

    def log_in_at(self, issuer: Provider, person: str) -> str:
        """The token of a person who logs in at the issuer, as a browser does it."""
        back = quote(f"https://{self._host}/applications", safe="")
        status, _, headers = self._ask(f"/auth/login?return_url={back}")
        assert status == 303, status
        target = headers["Location"]
        assert target.startswith(f"{issuer.issuer}authorize?")
        asked = parse_qs(urlsplit(target).query)
        assert asked["redirect_uri"] == [f"https://{self._host}/auth/callback"]
        assert asked["client_id"] == [issuer.client[0]]
        answer = urlencode({"code": issuer.code(person), "state": asked["state"][0]})
        status, shown, headers = self._ask(f"/auth/callback?{answer}", cookies=_cookies(headers))
        assert status == 303, shown
        return _cookies(headers)["argocd.token"]

    def may(self, token: str, action: str, resource: str = "applications") -> bool:
        """Whether the holder of a token may do something with any of these objects."""
        status, answer, _ = self._ask(f"/api/v1/account/can-i/{resource}/{action}/*/*", token=token)
        return status == 200 and answer["value"] == "yes"

    def status(self, path: str, token: str = "", body: Any = None) -> int:
        """The status code of an answer."""
        return self._ask(path, token=token, body=body)[0]

    def version(self) -> str:
        """What the server calls itself."""
        return str(self._ask("/api/version")[1]["Version"])

    def _ask(
        self, path: str, *, token: str = "", body: Any = None, cookies: dict[str, str] | None = None
    ) -> tuple[int, Any, Message]:
        sent = {**(cookies or {}), **({"argocd.token": token} if token else {})}
        headers = {"Content-Type": "application/json", "Host": self._host}
        if sent:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._address}{path}", data=data, headers=headers)
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, _read(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read()), error.headers


def _cookies(headers: Message) -> dict[str, str]:
    pairs = (cookie.partition(";")[0] for cookie in headers.get_all("Set-Cookie") or ())
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
