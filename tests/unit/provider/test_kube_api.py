"""The adapter's own logic on a plain HTTP API. The real API is met in the e2e tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.provider.kube_api import ClusterKubernetes
from tests.support.http_cloud import HttpCloud, running


@pytest.fixture
def http() -> Iterator[HttpCloud]:
    with running(workers=2) as cloud:
        yield cloud


def cluster(http: HttpCloud) -> ClusterKubernetes:
    return ClusterKubernetes(KubernetesClient(http.target()))


def test_nodes_come_with_what_the_provider_needs(http: HttpCloud) -> None:
    node = cluster(http).nodes()[1]
    assert (node.name, node.ready, node.master) == ("panda-bench-abcdefghij12-node-1", True, False)
    assert node.server == "server-1"


def test_a_label_is_set_under_its_own_field_manager(http: HttpCloud) -> None:
    name = "panda-bench-abcdefghij12-node-0"
    cluster(http).label_node(name, {"role": "ingress"}, {})
    assert http.labels[name] == {"role": "ingress"}
    assert http.calls[-1].query == "fieldManager=panda-infra"


def test_an_api_that_cannot_be_reached_is_reported_at_once(http: HttpCloud) -> None:
    http.url = "http://127.0.0.1:9"
    with pytest.raises(KubernetesError, match=r"the API server 127.0.0.1:9 cannot be reached"):
        cluster(http).nodes()


def test_rate_limits_and_server_errors_are_waited_out(http: HttpCloud) -> None:
    http.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    http.answered = "/nodes"
    assert len(cluster(http).nodes()) == 2


def test_a_refusal_is_reported(http: HttpCloud) -> None:
    http.answers = [(403, {})]
    http.answered = "/nodes"
    with pytest.raises(KubernetesError, match=r"GET /api/v1/nodes: the Kubernetes API answers 403 Forbidden"):
        cluster(http).nodes()
