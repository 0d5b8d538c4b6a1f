"""One round of listings finds what a plan would meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.live.target import look
from panda_infra.plan.make import make_plan
from tests.support import ctao
from tests.support.kubernetes import FakeApi, made, record
from tests.support.stacks import stack

NAMESPACE = "/api/v1/namespaces/panda"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/panda/leases/panda-infra-test"


@dataclass
class CountingApi(FakeApi):
    """Remembers what it was asked for, and in which form."""

    asked: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **options: Any) -> Any:
        self.asked[path] = options.get("accept", "")
        return super().call(method, path, **options)


def full() -> CountingApi:
    api = CountingApi({NAMESPACE: made("panda", namespace="")})
    api.add(f"{NAMESPACE}/secrets", made("alice-db"), record("alice"))
    api.add(f"{NAMESPACE}/secrets", record("panda", 1, by="pulumi-resource-kubernetes"), record("panda", 2))
    api.add(f"{NAMESPACE}/persistentvolumeclaims", made("alice-data"))
    api.add(f"{NAMESPACE}/services", made("alice"))
    api.objects[LEASE] = made("panda-infra-test", notes={"panda-infra/releases": "panda,panda-msgsvc"})
    return api


def test_what_is_there_is_reported_without_reading_any_content() -> None:
    api = full()
    found = look(make_plan("test", stack()), api)
    assert found.namespace is not None
    assert found.namespace.place == ("Namespace", "", "panda")
    assert [one.name for one in found.inside] == ["alice-db", "alice-data"]
    assert found.releases == {
        "alice": frozenset({"helm"}),
        "panda": frozenset({"pulumi-resource-kubernetes", "helm"}),
    }
    assert found.deployed == {"alice", "panda"}
    assert len(api.asked) == 3
    assert all("PartialObjectMetadata" in accept for accept in api.asked.values())


def test_in_a_namespace_of_others_all_that_charts_make_is_looked_for() -> None:
    api = full()
    found = look(make_plan("test", stack(namespace={"name": "panda", "adopt": True})), api)
    assert found.of_kind("Service") == ["alice"]
    assert found.noted == {"panda", "panda-msgsvc"}
    api.failures[LEASE] = KubernetesNotAllowedError("no", status=403)
    assert look(make_plan("test", stack(namespace={"name": "panda", "adopt": True})), api).lease is None


def test_nothing_is_found_where_nothing_is() -> None:
    found = look(make_plan("test", stack()), FakeApi())
    assert (found.namespace, found.inside, found.outside, dict(found.releases)) == (None, (), (), {})


def test_objects_outside_of_the_namespace_are_looked_for_by_their_names() -> None:
    api, path = FakeApi(), "/apis/rbac.authorization.k8s.io/v1/clusterroles/panda-node-recovery"
    api.objects[path] = made("panda-node-recovery", namespace="", release="panda")
    components = {"panda": {"nodeRecovery": True}, "msgsvc": {}}
    found = look(make_plan("test", stack(components=components)), api)
    assert [(planned.path, there.name) for planned, there in found.outside] == [(path, "panda-node-recovery")]


def test_network_policies_of_others_are_looked_for_where_the_stack_makes_some() -> None:
    api, path = full(), "/apis/networking.k8s.io/v1/namespaces/panda/networkpolicies"
    api.add(path, made("panda-infra-panda-server"))
    others = {"name": "panda", "adopt": True}
    on = stack(namespace=others, networkPolicies={"kind": "standard"})
    assert look(make_plan("test", on), api).of_kind("NetworkPolicy") == ["panda-infra-panda-server"]
    api.asked.clear()
    look(make_plan("test", stack(namespace=others)), api)
    assert path not in api.asked


def test_accounts_of_others_are_looked_for_where_the_stack_makes_some() -> None:
    api, path = full(), "/api/v1/namespaces/panda/serviceaccounts"
    api.add(path, made("ctao-rucio"))
    others = {"name": "panda", "adopt": True}
    assert look(make_plan("ctao", ctao.stack(namespace=others)), api).of_kind("ServiceAccount") == [
        "ctao-rucio"
    ]
    api.asked.clear()
    look(make_plan("test", stack(namespace=others)), api)
    assert path not in api.asked
