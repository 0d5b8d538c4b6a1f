"""An issuer is one that the world which PanDA is exposed to can ask."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.products.panda.rules import issuers
from panda_infra.rules.subject import Subject
from tests.support.stacks import stack

_OUT = {"panda": "panda.site.org"}


def where(**sections: Any) -> list[str]:
    config = stack(**{"components": {"msgsvc": {}, "panda": {}}, "hosts": _OUT, **sections})
    return [problem.where for problem in issuers.check(Subject(config, "demo"))]


@pytest.mark.parametrize(
    "host",
    [
        *("iam-main", "iam-main:8443", "IAM", "localhost", "iam.localhost", "iam.svc", "iam-main.panda"),
        *("iam-main.panda.svc", "iam-main.panda.svc.cluster.local", "iam.local", "127.0.0.1:8443", "0.0.0.0"),
        "169.254.1.1",
    ],
)
def test_a_name_that_only_a_cluster_or_a_machine_has(host: str) -> None:
    assert where(auth={"issuer": f"https://{host}"}) == ["auth.issuer"]
    assert where(auth={"issuer": f"http://{host}/realms/x"}) == ["auth.issuer"]
    assert where(auth={"issuer": f"https://{host}"}, hosts={}) == []
    assert where(auth={"issuer": f"https://{host}"}, hosts={"panda": "panda.localhost"}) == []


_LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(
    st.lists(_LABEL, min_size=1, max_size=3),
    st.sampled_from(["cern.ch", "bnl.gov", "example.org", "svc.org"]),
)
def test_a_name_of_the_world_is_none(labels: list[str], domain: str) -> None:
    assert where(auth={"issuer": f"https://{'.'.join([*labels, domain])}:8443/x"}) == []


@pytest.mark.parametrize(
    "host", ["iam.panda.org", "panda.iam.cern.ch", "svc.cern.ch", "10.1.2.3", "192.168.0.7"]
)
def test_what_only_looks_like_one_is_none(host: str) -> None:
    assert where(auth={"issuer": f"https://{host}"}) == []


_IAM: dict[str, Any] = {"iam": {}, "iam-db": {}}


@pytest.mark.parametrize(
    ("sections", "problems"),
    [
        ({}, ["auth.issuer"]),
        ({"hosts": {}}, []),
        ({"hosts": _OUT | {"iam": "iam.site.org"}}, []),
        ({"auth": {"issuer": "https://iam.site.org"}}, []),
        ({"components": {"iam": {"settings": {"baseUrl": "https://iam.site.org"}}}}, []),
        (
            {"components": {"iam": {"settings": {"baseUrl": "http://iam:1"}}}},
            ["components.iam.settings.baseUrl"],
        ),
        (
            {
                "components": {"iam": {"settings": {"baseUrl": "http://iam:1"}}},
                "auth": {"issuer": "https://iam.site.org"},
            },
            [],
        ),
    ],
)
def test_an_iam_is_the_issuer_where_none_is_named(sections: dict[str, Any], problems: list[str]) -> None:
    components = {"msgsvc": {}, "panda": {}} | _IAM | sections.get("components", {})
    assert where(**{**sections, "components": components}) == problems


def test_services_may_get_their_tokens_inside() -> None:
    auth = {
        "issuer": "https://iam.site.org",
        "tokenEndpoint": "http://iam-main:8443/token",
        "internal": {"clientId": "a", "tokenEndpoint": "http://iam-main:8443/token"},
    }
    assert where(auth=auth) == []
