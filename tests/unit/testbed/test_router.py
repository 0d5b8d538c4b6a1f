"""Routes are admitted once."""

from __future__ import annotations

from typing import Any, cast

from testbed.api import Api
from testbed.router import admit


class FakeApi:
    def __init__(self, *routes: dict[str, Any]) -> None:
        self.routes = list(routes)
        self.written: dict[str, Any] = {}

    def list(self, path: str) -> list[dict[str, Any]]:
        assert path == "/apis/route.openshift.io/v1/routes"
        return self.routes

    def merge(self, path: str, change: dict[str, Any]) -> None:
        self.written[path] = change


def route(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "panda", "name": name}, "spec": {"host": f"{name}.site.org"}, **more}


def test_a_new_route_is_admitted_and_others_stay() -> None:
    api = FakeApi(route("new"), route("old", status={"ingress": []}))
    admit(cast("Api", api))
    ((path, change),) = api.written.items()
    assert path == "/apis/route.openshift.io/v1/namespaces/panda/routes/new/status"
    (ingress,) = change["status"]["ingress"]
    assert ingress["host"] == "new.site.org"
    assert [(each["type"], each["status"]) for each in ingress["conditions"]] == [("Admitted", "True")]
