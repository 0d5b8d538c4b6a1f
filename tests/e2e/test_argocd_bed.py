"""Argo CD's own controllers on the test bed: charts of a git repository and of the registry are rolled out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import charts, leftovers, processes, waiting
from testbed.api import Api, ApiError
from testbed.argocd_bed import applications, parts
from testbed.argocd_bed.bed import ArgoCd, running
from testbed.argocd_bed.git import Repository
from testbed.bed import Bed

pytestmark = pytest.mark.e2e

_PATIENCE = 30.0
# Kubernetes' garbage collector looks every 30 s for new kinds, and deletes nothing before it knows all; on a busy
# machine it takes several looks.
_UNTIL_GONE = 180.0


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    before = leftovers.of_cluster(bed)
    parts.locate()
    began = time.monotonic()
    with running(bed) as argo:
        assert time.monotonic() - began < 20
        yield argo
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
    assert set(processes.alive(bed.state).values()).isdisjoint(parts.PARTS)
    assert not (bed.state / "argocd").exists()


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    name = f"argocd-{secrets.token_hex(4)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def repository(argo: ArgoCd) -> Repository:
    made = argo.git.repository(secrets.token_hex(4))
    made.copy(charts.FIXTURES / "msgsvc", "helm/msgsvc")
    return made


def application(api: Api, argo: ArgoCd, namespace: str, source: dict[str, Any]) -> str:
    name = f"msgsvc-{secrets.token_hex(2)}"
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        # Without its objects it is not gone.
        "metadata": {"name": name, "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
        "spec": {
            "project": "default",
            # The release has the Application's name, or Argo CD's label of it would not fit the claims' selectors.
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true"],
            },
        },
    }
    api.create(applications.path(argo.namespace), body)
    return name


def workloads(api: Api, namespace: str) -> list[str]:
    kinds = ("deployments", "statefulsets")
    return [
        item["metadata"]["name"]
        for kind in kinds
        for item in api.list(f"/apis/apps/v1/namespaces/{namespace}/{kind}")
    ]


def remove(api: Api, argo: ArgoCd, namespace: str, name: str) -> None:
    """Delete an Application and see that its objects go with it."""
    api.delete(applications.path(argo.namespace, name))
    waiting.until(lambda: _gone(api, argo, name), f"{name} being gone", _UNTIL_GONE)
    assert workloads(api, namespace) == []


def _gone(api: Api, argo: ArgoCd, name: str) -> bool:
    try:
        api.get(applications.path(argo.namespace, name))
    except ApiError:
        return True
    return False


def test_a_chart_of_a_git_repository_is_rolled_out_and_so_is_a_push_by_webhook(
    api: Api, argo: ArgoCd, namespace: str, repository: Repository
) -> None:
    source = {"repoURL": repository.url, "path": "helm/msgsvc", "targetRevision": "main"}
    name = application(api, argo, namespace, source)
    applications.settle(api, argo.namespace, [name])
    assert workloads(api, namespace)

    repository.announce(argo.server)
    marker = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pushed}\n"
    revision = repository.commit({"helm/msgsvc/templates/pushed.yaml": marker})
    # Argo CD looks by itself only every three minutes.
    applications.settle(api, argo.namespace, [name], revision, seconds=_PATIENCE)
    api.get(f"/api/v1/namespaces/{namespace}/configmaps/pushed")
    remove(api, argo, namespace, name)


def test_a_chart_of_the_registry_is_rolled_out(bed: Bed, api: Api, argo: ArgoCd, namespace: str) -> None:
    (published,) = charts.push(bed, [charts.FIXTURES / "msgsvc"])
    folder, _, chart = published.reference.removeprefix("oci://").rpartition("/")
    source = {"repoURL": folder, "chart": chart, "targetRevision": published.version}
    name = application(api, argo, namespace, source)
    status = applications.settle(api, argo.namespace, [name])[name]
    assert (status.revision, len(status.syncs)) == (published.version, 1)
    assert workloads(api, namespace)
    remove(api, argo, namespace, name)


def test_a_chart_that_is_not_there_is_named(bed: Bed, api: Api, argo: ArgoCd, namespace: str) -> None:
    (published,) = charts.push(bed, [charts.FIXTURES / "msgsvc"])
    folder = published.reference.removeprefix("oci://").rpartition("/")[0]
    source = {"repoURL": folder, "chart": "absent", "targetRevision": published.version}
    name = application(api, argo, namespace, source)

    def said() -> str:
        return applications.status(api, argo.namespace, name).message

    waiting.until(lambda: "absent" in said(), "the error", _PATIENCE)
    assert f"{folder}/absent:{published.version}: not found" in said()
    remove(api, argo, namespace, name)
