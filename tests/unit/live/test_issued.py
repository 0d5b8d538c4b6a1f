"""Pods are replaced once for a renewed certificate, and once for a changed one."""

from __future__ import annotations

from typing import Any

from panda_infra.live.issued import issues
from panda_infra.plan.certificates import certificate_objects
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.secrets.generate import stand_ins
from tests.support import ctao
from tests.support.kubernetes import FakeApi

_PATH = "/apis/cert-manager.io/v1/namespaces/ctao/certificates"
_RUCIO = "rucio-tls-certs"


def plan(**sections: Any) -> Plan:
    config = ctao.stack(certificates={"kind": "cert-manager"}, **sections)
    return make_plan("ctao", config.model_copy(update={"secrets": stand_ins(config)}))


def cluster(made: Plan, revision: int | None) -> FakeApi:
    (rucio,) = (each for each in certificate_objects(made) if each.name == _RUCIO)
    metadata = {
        "name": rucio.fields["metadata"]["name"],
        "annotations": rucio.fields["metadata"]["annotations"],
    }
    status = {"revision": revision} if revision else {}
    return FakeApi({_PATH: {"items": [{"metadata": metadata, "status": status}]}})


def test_a_first_issue_is_counted_before_it_is_there() -> None:
    made = plan()
    first = issues(made, FakeApi({}))
    assert first == issues(made, None) == issues(made, cluster(made, None)) == issues(made, cluster(made, 1))
    assert _RUCIO in first


def test_a_renewal_gives_another_content() -> None:
    made = plan()
    assert issues(made, cluster(made, 2))[_RUCIO] != issues(made, cluster(made, 1))[_RUCIO]


def test_a_changed_certificate_begins_again() -> None:
    before, after = plan(), plan(hosts={"rucio": "other.localhost"})
    planned = issues(after, cluster(before, 7))[_RUCIO]
    assert planned == issues(after, cluster(after, 1))[_RUCIO]
    assert planned.data["form"] != issues(before, None)[_RUCIO].data["form"]


def test_another_duration_is_no_other_certificate() -> None:
    before = plan()
    source = {"kind": "cert-manager", "duration": "24h", "renewBefore": "8h"}
    config = ctao.stack(certificates=source)
    later = make_plan("ctao", config.model_copy(update={"secrets": stand_ins(config)}))
    assert issues(later, cluster(before, 3))[_RUCIO] == issues(before, cluster(before, 3))[_RUCIO]


def test_a_stack_without_cert_manager_has_none() -> None:
    assert issues(make_plan("ctao", ctao.stack()), FakeApi({})) == {}
