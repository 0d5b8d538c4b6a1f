from __future__ import annotations

from typing import Any

from panda_infra.rules.book.aliases import check
from panda_infra.rules.subject import Subject
from tests.support.stacks import stack

MAGNUM = {
    "kind": "magnum",
    "name": "panda-doma-k8s",
    "template": "kubernetes-1.29.2-2",
    "keypair": "lxplus",
    "flavor": "m2.xlarge",
    "masterFlavor": "m2.large",
}


def where(hosts: dict[str, str], **changes: Any) -> list[str]:
    return [p.where for p in check(Subject(stack(cluster=MAGNUM | changes, hosts=hosts), "doma"))]


def test_hosts_outside_landbs_domain_are_refused() -> None:
    hosts = {"panda": "panda-doma.cern.ch", "bigmon": "bigmon.example.org"}
    assert where(hosts, aliasHosts=["mq.k8s.cern.ch"]) == ["hosts.bigmon", "cluster.aliasHosts[0]"]


def test_another_domain_can_be_named() -> None:
    assert where({"panda": "panda.example.org"}, aliasDomain="example.org") == []


def test_other_writers_take_any_host() -> None:
    assert where({"panda": "panda.example.org"}, aliases="controller") == []


def test_clusters_of_others_have_no_aliases() -> None:
    assert list(check(Subject(stack(hosts={"panda": "panda.example.org"}), "lsst"))) == []
