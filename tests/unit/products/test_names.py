"""Names are the same in Secrets, releases and Services."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@pytest.mark.parametrize(
    ("affix", "releases"),
    [
        (
            "",
            {"panda": "panda", "msgsvc": "panda-msgsvc", "iam": "iam", "iam-db": "iam-db", "ui": "panda-ui"},
        ),
        ("-dev", {"panda": "panda-dev", "idds": "panda-dev-idds", "iam": "iam-dev", "iam-db": "iam-dev-db"}),
        ("test-", {"panda": "test-panda", "bigmon": "test-panda-bigmon", "iam": "test-iam"}),
    ],
)
def test_releases_are_named_as_the_secrets_expect(affix: str, releases: dict[str, str]) -> None:
    names = Names(affix)
    assert {component: names.release(component) for component in releases} == releases


@pytest.mark.parametrize(
    ("component", "sub_component", "name"),
    [
        ("panda", "server", "panda-dev-server"),
        ("msgsvc", "activemq", "panda-dev-msgsvc-activemq"),
        ("harvester", "harvester", "panda-dev-harvester"),
        ("harvester", "mariadb", "panda-dev-harvester-mariadb"),
        ("iam-db", "mariadb", "iam-dev-db-mariadb"),
    ],
)
def test_workloads_follow_the_charts_fullname_rule(component: str, sub_component: str, name: str) -> None:
    assert Names("-dev").workload(component, sub_component) == name


def test_a_release_that_runs_under_another_name_keeps_it() -> None:
    names = Names("-dev", {"idds": "idds-dev"})
    assert (names.release("idds"), names.workload("idds", "rest")) == ("idds-dev", "idds-dev-rest")
    assert names.release("bigmon") == "panda-dev-bigmon"


def test_secret_names_carry_no_affix() -> None:
    assert Names("-dev").secret("panda-envs") == "panda-secrets-panda-envs"


@given(
    st.from_regex(r"[a-z0-9]([-a-z0-9]{0,12}[a-z0-9])?", fullmatch=True),
    st.sampled_from(["", "-{}", "{}-"]),
)
def test_any_affix_gives_distinct_valid_names(word: str, shape: str) -> None:
    names = Names(shape.format(word))
    releases = [names.release(component) for component in COMPONENTS]
    assert len(set(releases)) == len(releases)
    for component, spec in COMPONENTS.items():
        for sub in spec.sub_components:
            assert _DNS_LABEL.fullmatch(names.workload(component, sub.name))


def test_an_ingress_has_the_name_of_its_workload_or_of_the_release() -> None:
    assert Names().ingress("panda", "server.ingress") == "panda-server"
    assert Names().ingress("panda", "server.ingress_big") == "panda-server-big"
    assert Names("-dev").ingress("ui", "ingress") == "panda-dev-ui"
