"""What is known to be missing in a cluster is refused; what cannot be known is a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesNotFoundError,
    KubernetesUnreachableError,
)
from panda_infra.live.offers import look
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack

_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_INGRESS_CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
_DRIVERS = "/apis/storage.k8s.io/v1/csidrivers"
_CLAIMS = "/api/v1/namespaces/panda/persistentvolumeclaims"
_NODES = "/api/v1/nodes"
_INGRESSES = "/apis/networking.k8s.io/v1/namespaces/{}/ingresses"
_NO_NAMESPACE = KubernetesNotFoundError('namespaces "panda" not found', status=404)


def cluster(answers: Mapping[str, Any]) -> FakeApi:
    """Has the content of each path; an error is raised there."""
    failures = {path: each for path, each in answers.items() if isinstance(each, KubernetesError)}
    return FakeApi({path: each for path, each in answers.items() if path not in failures}, failures)


def named(*names: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name}} for name in names]}


def nodes(**labels: str) -> dict[str, Any]:
    status = {"allocatable": {"cpu": "15920m", "memory": "64Gi"}}
    return {"items": [{"metadata": {"name": "n1", "labels": labels}, "spec": {}, "status": status}]}


_GOOD = {
    _CLASSES: named("standard", "nas"),
    _INGRESS_CLASSES: named("nginx"),
    _DRIVERS: named("cvmfs.csi.cern.ch"),
    _NODES: nodes(),
    _INGRESSES.format("panda"): {},
}
_CVMFS = {"harvester": {"cvmfs": [{"name": "atlas", "repository": "atlas.cern.ch"}]}}


def plan(**sections: Any) -> Plan:
    return make_plan("doma", stack(hosts={"panda": "panda.example.org"}, **sections))


def reported(answers: Mapping[str, Any], **sections: Any) -> tuple[dict[str, str], str]:
    """The problems by key, and the notes."""
    report = look(plan(**sections), cluster(_GOOD | dict(answers)))
    return {each.where: each.what for each in report.problems}, "\n".join(report.notes)


def test_a_cluster_that_has_everything_gives_no_cause() -> None:
    assert reported({}) == ({}, "")


def test_everything_that_is_missing_is_reported_at_once() -> None:
    found, notes = reported(
        {_DRIVERS: named()},
        storage={"class": "fast"},
        exposure={"className": "traefik"},
        components={
            "msgsvc": {"activemq": {"nodeSelector": {"pool": "x"}}},
            "panda": {"server": {"tolerations": []}},
            "harvester": _CVMFS,
        },
    )
    assert found == {
        "storage.class": "the cluster has no StorageClass fast",
        "exposure.className": "the cluster has no IngressClass traefik",
        "components.harvester.harvester.cvmfs": "the cluster has no CSIDriver cvmfs.csi.cern.ch",
        "components.msgsvc.activemq.nodeSelector": "no node of the cluster has pool=x",
    }
    assert notes == ""


def test_the_ways_out_name_what_the_cluster_has() -> None:
    report = look(plan(storage={"class": "fast"}), cluster(_GOOD))
    assert [each.fix for each in report.problems] == ["Write one that the cluster has: nas, standard."]


def test_an_api_that_is_not_installed_is_reported() -> None:
    gateway = {"kind": "gateway", "className": "envoy", "clientCa": "x"}
    assert reported({}, exposure=gateway)[0] == {
        "exposure.className": "the cluster has no GatewayClass at all: that API is not installed"
    }
    assert reported({}, exposure={"kind": "route"})[0] == {
        "exposure.kind": "the cluster has no OpenShift Routes"
    }
    assert reported({"/apis/route.openshift.io/v1": {}}, exposure={"kind": "route"})[0] == {}
    policies = {"networkPolicies": {"kind": "cilium"}}
    assert reported({}, **policies)[0] == {"networkPolicies.kind": "the cluster's network is not Cilium's"}
    assert reported({"/apis/cilium.io/v2": {}}, **policies)[0] == {}


def test_a_class_that_is_gone_does_not_matter_to_volumes_that_are_there() -> None:
    claims = {"items": [{"spec": {"storageClassName": "gone"}}]}
    found, notes = reported({_CLAIMS: claims}, storage={"class": "gone"})
    assert found == {}
    assert "no StorageClass gone" in notes


def test_who_may_not_look_is_reported_so_and_goes_on() -> None:
    no = KubernetesNotAllowedError("forbidden", status=403)
    creating = KubernetesNotAllowedError("ingresses is forbidden: User cannot create resource", status=403)
    refused = dict.fromkeys((_CLASSES, _INGRESS_CLASSES, _DRIVERS, _NODES), no)
    found, notes = reported(
        refused | {_INGRESSES.format("panda"): creating},
        components={"msgsvc": {}, "panda": {}, "harvester": _CVMFS},
    )
    assert found == {}
    assert "may not list each StorageClass, so that of standard (storage.class) was not looked at" in notes
    assert "nginx (exposure.className)" in notes
    assert "cvmfs.csi.cern.ch (components.harvester.harvester.cvmfs)" in notes
    assert "may not list nodes" in notes
    assert "may not create any" in notes


_NO_ANSWER = (
    KubernetesUnreachableError("no answer"),
    KubernetesNotAllowedError("who are you", status=401),
    KubernetesError("broken", status=500),
)


@pytest.mark.parametrize("path", [_CLASSES, _NODES])
@pytest.mark.parametrize("error", _NO_ANSWER, ids=str)
def test_a_cluster_that_does_not_answer_is_an_error(error: KubernetesError, path: str) -> None:
    with pytest.raises(type(error)):
        reported({path: error})


@pytest.mark.parametrize("error", _NO_ANSWER[:2], ids=str)
def test_the_same_while_ingresses_are_tried(error: KubernetesError) -> None:
    with pytest.raises(type(error)):
        reported({_INGRESSES.format("panda"): error})


def test_a_virtual_cluster_may_have_more_than_it_shows() -> None:
    virtual = {_NODES: nodes(**{"vcluster.loft.sh/fake-node": "true"}), _CLASSES: named()}
    found, notes = reported(virtual, components={"msgsvc": {"activemq": {"nodeSelector": {"pool": "x"}}}})
    assert found == {}
    assert "no StorageClass standard" in notes
    assert "none of its real nodes" in notes


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status",
        "/apis/karpenter.sh/v1/nodepools",
    ],
)
def test_an_autoscaler_may_add_the_node(path: str) -> None:
    found, notes = reported(
        {path: {}}, components={"msgsvc": {"activemq": {"nodeSelector": {"pool": "x"}}}, "panda": {}}
    )
    assert found == {}
    assert "no node of the cluster has pool=x, unless the autoscaler adds one" in notes


def test_a_node_that_does_not_say_its_size_is_large_enough() -> None:
    bare = {"items": [{"metadata": {"name": "n1"}}]}
    assert reported({_NODES: bare}) == ({}, "")


_RISK = "annotation group ServerSnippet contains risky annotation based on ingress configuration"


def test_an_ingress_that_the_cluster_refuses_is_reported_in_its_words() -> None:
    found, _ = reported({_INGRESSES.format("panda"): KubernetesError(_RISK, status=400)})
    assert found == {"hosts.panda": f"the cluster refuses the Ingress: {_RISK}"}
    report = look(plan(), cluster(_GOOD | {_INGRESSES.format("panda"): KubernetesError(_RISK, status=422)}))
    assert "annotations-risk-level: Critical" in report.problems[0].fix


def test_one_that_exists_was_taken_and_a_new_namespace_has_a_stand_in() -> None:
    assert reported({_INGRESSES.format("panda"): KubernetesError("already exists", status=409)}) == ({}, "")
    api = cluster(_GOOD | {_INGRESSES.format("panda"): _NO_NAMESPACE, _INGRESSES.format("default"): {}})
    assert look(plan(), api).problems == []
    tried = [call for call in api.calls if call.method == "POST"]
    assert [(call.path, call.body and call.body["metadata"]["name"]) for call in tried] == [
        (_INGRESSES.format(name), "panda-server") for name in ("panda", "default")
    ]
    assert all(("dryRun", "All") in call.query for call in tried)


def test_a_policy_that_forbids_is_no_lack_of_rights() -> None:
    denied = KubernetesNotAllowedError("admission webhook denied the request", status=403)
    assert "hosts.panda" in reported({_INGRESSES.format("panda"): denied})[0]


def test_a_webhook_that_is_down_is_a_note() -> None:
    down = KubernetesError("failed calling webhook: connection refused", status=500)
    found, notes = reported({_INGRESSES.format("panda"): down})
    assert found == {}
    assert "could not be tried: failed calling webhook" in notes


def test_a_cluster_without_the_operator_is_refused_before_anything_is_made() -> None:
    operator = {"kind": "prometheusOperator"}
    found, _ = reported({}, monitoring=operator)
    assert "no Prometheus operator" in found["monitoring.kind"]
    assert reported({"/apis/monitoring.coreos.com/v1": {"resources": []}}, monitoring=operator) == ({}, "")


_ISSUED = {"kind": "cert-manager", "clusterIssuer": "site-ca"}
_ISSUERS = "/apis/cert-manager.io/v1/clusterissuers"


def test_a_cluster_without_cert_manager_is_refused_once() -> None:
    problems, _ = reported(_GOOD, certificates=_ISSUED)
    assert list(problems) == ["certificates.kind"]
    assert "the cluster has no cert-manager" in problems["certificates.kind"]


def test_an_issuer_that_is_not_there_is_refused_with_those_that_are() -> None:
    answers = {**_GOOD, "/apis/cert-manager.io/v1": {"resources": []}, _ISSUERS: named("letsencrypt")}
    problems, _ = reported(answers, certificates=_ISSUED)
    assert list(problems) == ["certificates.clusterIssuer"]
    assert "the cluster has no ClusterIssuer site-ca" in problems["certificates.clusterIssuer"]
    assert reported({**answers, _ISSUERS: named("site-ca")}, certificates=_ISSUED)[0] == {}
