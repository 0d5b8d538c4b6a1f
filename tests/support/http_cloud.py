"""The smallest cloud that speaks HTTP: Keystone, Nova's servers, one Magnum cluster and its Kubernetes nodes.

For what the real services of the test bed are too slow at: hundreds of nodes, and answers at will.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from tests.support import fast_yaml
from tests.support.serving import serving

__all__ = ["Call", "HttpCloud", "running"]

CLUSTER = "7d1e3c52-0000-4000-8000-000000000001"
_PREFIX = "panda-bench-abcdefghij12"

_LIMITS = {
    **{"maxTotalInstances": 10, "totalInstancesUsed": 3, "maxTotalCores": -1, "totalCoresUsed": 12},
    **{"maxTotalRAMSize": 51200, "totalRAMUsed": 24000},
}


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    query: str = ""


@dataclass
class HttpCloud:
    """What the cloud has and was asked; ``latency`` is in seconds, per request."""

    url: str
    workers: int
    latency: float = 0.0
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Statuses and headers for the next requests, in place of the cloud's own answers."""
    answered: str = "/servers"
    """What the paths of those requests contain."""
    page: int = 1000
    """Servers of one answer, as in Nova."""
    shares: dict[str, int] | None = None
    """Manila's limits, where there is Manila."""
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metadata = {f"server-{n}": {} for n in range(self.workers)}
        self.labels = {f"{_PREFIX}-node-{n}": {} for n in range(self.workers)}

    def clouds_file(self, folder: Path) -> Path:
        """A clouds.yaml that knows this cloud as ``http``."""
        auth = {
            "auth_url": f"{self.url}/identity/v3",
            "username": "u",
            "password": "p",
            "project_name": "p",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        path = folder / "clouds.yaml"
        path.write_text(fast_yaml.dump({"clouds": {"http": {"auth": auth, "region_name": "r"}}}))
        return path

    def target(self) -> Target:
        """The way to the nodes."""
        return Target({"server": f"{self.url}/kubernetes"}, {"token": "t"}, "c", "u", Source("http", ""))

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and content for one request."""
        service, _, rest = path.removeprefix("/").partition("/")
        if service == "identity":
            return self._identity(method)
        if service == "compute":
            return self._compute(method, rest, query, body)
        if service == "magnum":
            return self._magnum(rest)
        if service == "manila":
            return self._manila(rest)
        return self._kubernetes(method, rest, body)

    def _identity(self, method: str) -> tuple[int, Any]:
        if method == "GET":
            link = {"rel": "self", "href": f"{self.url}/identity/v3"}
            return 200, {"version": {"id": "v3.14", "status": "stable", "links": [link]}}
        catalog = [
            {
                "type": kind,
                "endpoints": [
                    {"interface": "public", "region": "r", "region_id": "r", "url": f"{self.url}/{path}"}
                ],
            }
            for kind, path in self._services()
        ]
        token = {
            "catalog": catalog,
            "expires_at": "2099-01-01T00:00:00Z",
            "issued_at": "2020-01-01T00:00:00Z",
        }
        scope = {"id": "p", "name": "p", "domain": {"id": "default", "name": "Default"}}
        return 201, {"token": {**token, "methods": ["password"], "user": scope, "project": scope}}

    def _services(self) -> list[tuple[str, str]]:
        manila = [("shared-file-system", "manila/v2")] if self.shares else []
        return [("compute", "compute/v2.1"), ("container-infra", "magnum/v1"), *manila]

    def _manila(self, rest: str) -> tuple[int, Any]:
        if rest == "v2/limits":
            return 200, {"limits": {"rate": [], "absolute": self.shares}}
        links = [{"rel": "self", "href": f"{self.url}/manila/v2/"}]
        version = {"id": "v2.0", "status": "CURRENT", "version": "2.82", "min_version": "2.0", "links": links}
        return 200, {"versions": [version]}

    def _compute(self, method: str, rest: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        if found := re.fullmatch(r"v2.1/servers/([^/]+)/metadata(?:/(.+))?", rest):
            server, key = found.groups()
            if method == "DELETE":
                del self.metadata[server][key]
                return 204, None
            self.metadata[server].update(body["metadata"])
            return 200, {"metadata": self.metadata[server]}
        if rest == "v2.1/servers/detail":
            marker = query.get("marker", [""])[0]
            names = list(self.metadata)
            start = names.index(marker) + 1 if marker else 0
            page = names[start : start + self.page]
            listed: dict[str, Any] = {"servers": [self._server(name) for name in page]}
            if names[start + self.page :]:
                more = f"{self.url}/compute/v2.1/servers/detail?marker={page[-1]}"
                listed["servers_links"] = [{"rel": "next", "href": more}]
            return 200, listed
        if rest == "v2.1/limits":
            return 200, {"limits": {"rate": [], "absolute": _LIMITS}}
        version = {"id": "v2.1", "status": "CURRENT", "version": "2.96", "min_version": "2.1"}
        return 200, {"version": {**version, "links": [{"rel": "self", "href": f"{self.url}/compute/v2.1/"}]}}

    def _server(self, server: str) -> dict[str, Any]:
        name = f"{_PREFIX}-node-{server.removeprefix('server-')}"
        return {"id": server, "name": name, "status": "ACTIVE", "metadata": self.metadata[server]}

    def _magnum(self, rest: str) -> tuple[int, Any]:
        if rest.startswith("v1/clusters/"):
            cluster = {"uuid": CLUSTER, "name": "panda-bench", "status": "CREATE_COMPLETE"}
            return 200, {**cluster, "cluster_template_id": "t", "api_address": f"{self.url}/kubernetes"}
        return 200, {
            "versions": [
                {
                    "id": "v1",
                    "status": "CURRENT",
                    "links": [{"rel": "self", "href": f"{self.url}/magnum/v1/"}],
                }
            ]
        }

    def _kubernetes(self, method: str, rest: str, body: Any) -> tuple[int, Any]:
        if rest.startswith("apis/apps"):
            return 200, {"items": []}
        if method == "PATCH":
            self.labels[rest.rsplit("/", 1)[-1]].update(body["metadata"]["labels"])
            return 200, {}
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        return 200, {
            "items": [
                {
                    "metadata": {"name": name, "labels": labels},
                    "spec": {"providerID": f"openstack:///server-{name.rsplit('-', 1)[-1]}"},
                    "status": ready,
                }
                for name, labels in self.labels.items()
            ]
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: HttpCloud

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.cloud.calls.append(Call(self.command, parts.path, parts.query))
        time.sleep(self.cloud.latency)
        headers: dict[str, str] = {}
        if self.cloud.answers and self.cloud.answered in parts.path:
            status, headers = self.cloud.answers.pop(0)
            phrase = HTTPStatus(status).phrase
            content: Any = {"error": {"message": phrase}, "message": phrase}
        else:
            status, content = self.cloud.answer(self.command, parts.path, parse_qs(parts.query), body)
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == HTTPStatus.CREATED:
            self.send_header("X-Subject-Token", "token")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815 - the base class's names


@contextmanager
def running(workers: int, *, latency: float = 0.0) -> Iterator[HttpCloud]:
    """A cloud whose cluster has so many workers, on a free local port."""

    class Handler(_Handler):
        """With a cloud of its own."""

    with serving(Handler) as port:
        Handler.cloud = HttpCloud(f"http://127.0.0.1:{port}", workers, latency)
        yield Handler.cloud
