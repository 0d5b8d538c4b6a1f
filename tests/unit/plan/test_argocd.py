"""The Argo CD of a plan: its host, its issuer, and what it has outside of its namespace."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.argocd import argocd_host
from panda_infra.plan.argocd_names import CLUSTER_WIDE
from panda_infra.plan.footprint import outside
from panda_infra.plan.make import make_plan
from tests.support.stacks import stack

_MAGNUM = {
    "kind": "magnum",
    "name": "PanDA_doma",
    "template": "t",
    "keypair": "k",
    "flavor": "f",
    "masterFlavor": "f",
    "aliasDomain": "cern.ch",
}


def host(cluster: dict[str, Any] | None = None, **argocd: Any) -> str | None:
    sections = {"cluster": cluster} if cluster else {}
    return argocd_host(stack(argocd={"version": "2.13.6", **argocd}, **sections))


def test_a_given_host_counts() -> None:
    assert host(_MAGNUM, host="argocd-doma.cern.ch") == "argocd-doma.cern.ch"


def test_the_host_follows_from_the_name_of_a_magnum_cluster() -> None:
    assert host(_MAGNUM) == "argocd-panda-doma.cern.ch"


def test_elsewhere_it_is_not_exposed_without_a_host() -> None:
    assert host() is None


def test_an_existing_one_has_no_host_of_the_stack() -> None:
    assert argocd_host(stack(argocd={"existing": True, "host": "argocd.cern.ch"})) is None
    assert make_plan("doma", stack(argocd={"existing": True})).argocd is None


def test_its_host_is_led_to_the_cluster_like_others() -> None:
    plan = make_plan(
        "doma",
        stack(
            argocd={"version": "2.13.6", "host": "argocd.panda.test"}, hosts={"panda": "server.panda.test"}
        ),
    )
    assert plan.addresses == ("server.panda.test", "argocd.panda.test")
    assert plan.hosts == {"panda": "server.panda.test"}


def test_people_log_in_at_the_issuer_of_the_stack() -> None:
    login = {"clientId": "argocd"}
    settings = {"version": "2.13.6", "host": "a.panda.test", "operators": ["admins"]}
    auth = {"issuer": "https://iam.panda.test"}
    own = make_plan("doma", stack(argocd={**settings, "login": login}, auth=auth)).argocd
    other = {**login, "issuer": "https://auth.cern.ch/auth/realms/cern"}
    elsewhere = make_plan("doma", stack(argocd={**settings, "login": other}, auth=auth)).argocd
    assert own
    assert own.issuer == "https://iam.panda.test/"
    assert elsewhere
    assert elsewhere.issuer == "https://auth.cern.ch/auth/realms/cern"


def test_a_cluster_has_room_for_one() -> None:
    plan = make_plan("doma", stack(argocd={"version": "2.13.6"}))
    found = {(each.kind, each.name) for each in outside(plan)}
    assert {*CLUSTER_WIDE, ("Namespace", "argocd")} <= found
    paths = {each.path for each in outside(plan) if each.name == "applications.argoproj.io"}
    assert paths == {"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io"}
