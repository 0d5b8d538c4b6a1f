from pathlib import Path
from typing import Any

import pytest

from testbed.api import Api, ApiError, Object
from testbed.argocd_bed import objects, parts
from testbed.bed import Bed
from tests.support import fast_yaml


class Cluster(Api):
    """A cluster that contains these objects, by their paths."""

    def __init__(self, contents: dict[str, Object]) -> None:
        self.contents = contents
        self.created: list[tuple[str, Object]] = []

    def get(self, path: str) -> Object:
        if path not in self.contents:
            raise ApiError(404, f"{path} not found")
        return self.contents[path]

    def list(self, path: str) -> list[Object]:
        items: list[Object] = self.get(path)["items"]
        return items

    def create(self, path: str, body: Object) -> Object:
        self.created.append((path, body))
        return {"status": {"token": "t0ken"}}


def workload(**container: Any) -> Object:
    body = {"name": parts.SERVER, **container}
    spec = {"serviceAccountName": "argocd-server", "containers": [{"name": "sidecar"}, body]}
    return {"metadata": {"name": parts.SERVER}, "spec": {"template": {"spec": spec}}}


def server(**container: Any) -> dict[str, Object]:
    return {"/apis/apps/v1/namespaces/argocd/deployments/argocd-server": workload(**container)}


def test_the_environment_comes_from_the_workload_and_its_settings() -> None:
    def of(settings: str, key: str) -> Object:
        return {"configMapKeyRef": {"name": settings, "key": key, "optional": True}}

    variables = [
        {"name": "PLAIN", "value": "1"},
        {"name": "SET", "valueFrom": of("argocd-cm", "timeout")},
        {"name": "UNSET", "valueFrom": of("argocd-cm", "other")},
        {"name": "ABSENT", "valueFrom": of("argocd-cmd-params-cm", "other")},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "argocd-redis", "key": "auth"}}},
    ]
    settings: Object = {"data": {"timeout": "60s"}}
    path = "/api/v1/namespaces/argocd/configmaps/argocd-cm"
    api = Cluster({path: settings, **server(env=variables)})
    assert objects.environment(api, "argocd", parts.SERVER) == {"PLAIN": "1", "SET": "60s"}


@pytest.mark.parametrize(
    "container",
    [
        {"args": ["/usr/local/bin/argocd-server", "--insecure"]},
        {"command": ["argocd-server"], "args": ["--insecure"]},
    ],
)
def test_options_of_a_container_are_kept_without_its_program(container: dict[str, Any]) -> None:
    assert objects.arguments(Cluster(server(**container)), "argocd", parts.SERVER) == ["--insecure"]


def test_an_installation_counts_when_all_its_workloads_are_there() -> None:
    contents: dict[str, Object] = server()
    assert not objects.installed(Cluster(contents), "argocd")
    contents |= {f"{objects.GROUP}/{kind}": {"items": []} for kind in ("applications", "appprojects")}
    assert not objects.installed(Cluster(contents), "argocd")
    contents["/apis/apps/v1/namespaces/argocd/deployments/argocd-repo-server"] = {}
    contents["/apis/apps/v1/namespaces/argocd/statefulsets/argocd-application-controller"] = {"spec": {}}
    contents["/apis/apps/v1/namespaces/argocd/deployments/argocd-repo-server"] = {"spec": {}}
    assert objects.installed(Cluster(contents), "argocd")


def test_the_registry_is_declared_as_one_of_charts(tmp_path: Path) -> None:
    api = Cluster({})
    bed = Bed("b", tmp_path, tmp_path / "kubeconfig", "127.0.0.1:5000", {})
    objects.declare_registry(api, bed, "argocd")
    ((path, secret),) = api.created
    assert path == "/api/v1/namespaces/argocd/secrets"
    assert secret["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "repository"}
    assert secret["stringData"]["url"] == "127.0.0.1:5000/panda-k8s-charts"
    assert secret["stringData"]["enableOCI"] == "true"


def test_a_part_has_the_rights_of_its_service_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(fast_yaml.dump({"clusters": [], "users": [{"name": "bed", "user": {"a": "b"}}]}))
    api = Cluster(server())
    monkeypatch.setattr(objects, "Api", lambda _path: api)
    bed = Bed("b", tmp_path, kubeconfig, "127.0.0.1:5000", {})
    objects.write_kubeconfig(bed, "argocd", parts.SERVER, target := tmp_path / "server")
    assert target.stat().st_mode & 0o077 == 0
    assert fast_yaml.load(target.read_text())["users"] == [{"name": "bed", "user": {"token": "t0ken"}}]
    ((path, _),) = api.created
    assert path == "/api/v1/namespaces/argocd/serviceaccounts/argocd-server/token"
