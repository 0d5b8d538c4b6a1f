"""The API of a stack's cluster as its pods reach it: daemons to scale, and Jobs that really run."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from panda_infra.clients.kubernetes.client import JSON
from testbed.consumers.restores.cluster import Cluster
from testbed.consumers.sandbox import Root, Sandbox
from testbed.pki import Authority

__all__ = ["Api"]

_ADDRESS, _PORT = "127.78.0.10", 6443
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN = "the-token-of-the-job"  # noqa: S105 - of this sandbox alone
_NAMESPACE = "ctao"


class Api(Cluster):
    """The cluster of a sandbox, with the processes of its Deployments; ``steps`` are the changes, in their order."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.steps: list[str] = []
        self._authority = Authority.fresh("sandbox")
        self._serve(sandbox)

    @property
    def replicas(self) -> Mapping[str, int]:
        """The number of pods that each daemon should have."""
        return {each["metadata"]["name"]: each["spec"]["replicas"] for each in self._daemons({})}

    def account(self, root: Root) -> Mapping[str, str]:
        """Give a pod the files of its account; returns the variables with the address."""
        for name, content in {
            "token": _TOKEN,
            "namespace": _NAMESPACE,
            "ca.crt": self._authority.pair.certificate.decode(),
        }.items():
            root.write(f"{_ACCOUNT}/{name}", content)
        return {"KUBERNETES_SERVICE_HOST": _ADDRESS, "KUBERNETES_SERVICE_PORT": str(_PORT)}

    @override
    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        labels = dict(
            each.split("=") for each in dict(query).get("labelSelector", "").split(",") if "=" in each
        )
        match [method, *path.split("/")]:
            case ["GET", *_, "deployments"]:
                return {"items": list(self._daemons(labels))}
            case ["PATCH", *_, "deployments", name] if body is not None:
                deployment = self.object("Deployment", name)
                deployment["spec"]["replicas"] = body["spec"]["replicas"]
                annotations = deployment["metadata"].setdefault("annotations", {})
                for key, value in body["metadata"]["annotations"].items():
                    if value is None:
                        annotations.pop(key, None)
                    else:
                        annotations[key] = value
                self.steps.append("stop" if body["spec"]["replicas"] == 0 else "start")
                return deployment
            case ["GET", *_, "pods"] if "release" in labels:
                running = (each for each in self._daemons(labels) if each["spec"]["replicas"])
                return {"items": [{"metadata": each["metadata"]} for each in running]}
            case ["GET", *_, "jobs", name] if name not in self._pods:
                return {"status": {}}
            case ["POST", *_] if body is not None:
                # The caller does not wait for the end of the Job.
                self.steps.append("back up")
                threading.Thread(target=self._run, args=(dict(body),), daemon=True).start()
                return body
        return super().call(method, path, body=body, query=query, missing=missing, accept=accept)

    def _daemons(self, labels: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        for each in self.objects:
            own = each["metadata"].get("labels") or {}
            daemons = each["kind"] == "Deployment" and own.get("app-group") == "rucio-daemons"
            if daemons and labels.items() <= own.items():
                yield each

    def _serve(self, sandbox: Sandbox) -> None:
        api, stem = self, sandbox.folder / "api"
        self._authority.server("api", [_ADDRESS]).write(stem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stem.with_suffix(".crt"), stem.with_suffix(".key"))

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                asked = urlsplit(self.path)
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Authorization") != f"Bearer {_TOKEN}":
                    self.send_error(401)
                    return
                try:
                    found = api.call(
                        self.command,
                        asked.path,
                        body=json.loads(content) if content else None,
                        query=parse_qsl(asked.query),
                    )
                except (KeyError, StopIteration):
                    self.send_error(404)
                    return
                answer = (found if isinstance(found, str) else json.dumps(found)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of the library

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing: standard output contains only checks."""

        server = ThreadingHTTPServer((_ADDRESS, _PORT), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
