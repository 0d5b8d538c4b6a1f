"""The condition of a stack, from the API's answers."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from panda_infra.clients.openstack.api import OpenStackUnreachableError
from panda_infra.live.status import Status, status_of
from panda_infra.plan.make import make_plan
from panda_infra.stacks.access import Access
from panda_infra.state.recorded import Recorded
from tests.support.kubernetes import FakeApi, made
from tests.support.stacks import stack
from tests.unit.cluster.magnum.test_preflight import DESCRIBED
from tests.unit.provider.fakes import FakeOpenStack, World, authority

PLAN = make_plan("demo", stack(components={"msgsvc": {}, "iam": {}, "iam-db": {}}))
HERE = "/api/v1/namespaces/panda"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def encoded(content: bytes | str) -> str:
    return b64encode(content if isinstance(content, bytes) else content.encode()).decode()


def pem() -> bytes:
    _, certificate = authority(0)
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def status(api: FakeApi, **user: str) -> Status:
    return status_of(PLAN, Access(api, target=Target({}, user, "c", "u", Source("here", ""))))


def test_what_is_wrong_with_a_release_is_named(api: FakeApi) -> None:
    assert {text.partition(":")[0] for text in status(api).problems(NOW)} == {
        "release iam-db is not there",
        "release panda-msgsvc is not there",
        "release iam is not there",
    }


def test_ends_of_certificates_are_shown_without_any_value(api: FakeApi) -> None:
    data = {"hostcert.pem": encoded(pem()), "password": encoded("canary"), "odd": encoded(b"\xff\x00")}
    api.add(f"{HERE}/secrets", made("panda-secrets-iam-certs") | {"data": data})
    found = status(api)
    (credential,) = found.credentials
    assert (credential.secret, credential.key) == ("panda-secrets-iam-certs", "hostcert.pem")
    assert "canary" not in repr(found)
    name = "hostcert.pem of Secret panda-secrets-iam-certs"
    late, near = credential.expires + timedelta(days=1), credential.expires - timedelta(days=2, hours=25)
    (reported,) = (text for text in found.problems(late) if name in text)
    assert reported.startswith(f"{name} expired on ")
    assert reported.endswith("24 hours ago")
    assert not any(name in text for text in found.problems(near))
    (noted,) = found.notes(near)
    assert noted.startswith(f"{name} expires in 3 days")


def test_the_credentials_end_is_read_from_certificate_or_token(api: FakeApi) -> None:
    by_certificate = status(api, **{"client-certificate-data": encoded(pem())})
    assert by_certificate.access_expires == authority(0)[1].not_valid_after_utc
    claims = urlsafe_b64encode(json.dumps({"exp": NOW.timestamp()}).encode()).decode().rstrip("=")
    by_token = status(api, token=f"head.{claims}.signature")
    assert by_token.access_expires == NOW
    assert any(
        text.startswith("the credential for the cluster expired on") for text in by_token.problems(NOW)
    )
    assert status(api, token="opaque").access_expires is None


def test_a_cluster_that_does_not_exist_has_no_release() -> None:
    found = status_of(PLAN, Access(None))
    assert {one.status for one in found.releases} == {""}


def test_each_part_that_cannot_be_looked_at_is_one_line_and_the_others_are_shown(api: FakeApi) -> None:
    data = {"hostcert.pem": encoded(pem())}
    api.add(f"{HERE}/secrets", made("panda-secrets-iam-certs") | {"data": data})
    api.failures["/api/v1/nodes"] = KubernetesError("the server is out of breath")
    found = status(api)
    assert [one.secret for one in found.credentials] == ["panda-secrets-iam-certs"]
    assert len(found.releases) == 3
    assert "nodes cannot be looked at: the server is out of breath" in list(found.problems(NOW))


def test_what_a_user_may_not_see_is_no_fault_of_the_stack(api: FakeApi) -> None:
    api.failures["/api/v1/nodes"] = KubernetesNotAllowedError("forbidden", status=HTTPStatus.FORBIDDEN)
    found = status(api)
    assert not any("nodes" in text for text in found.problems(NOW))
    assert any(text.startswith("nodes cannot be looked at: forbidden") for text in found.notes(NOW))


def test_a_cluster_that_lets_nobody_in_is_said_once(api: FakeApi) -> None:
    api.failures["/version"] = KubernetesNotAllowedError("unknown user", status=HTTPStatus.UNAUTHORIZED)
    found = status(api)
    assert list(found.problems(NOW)) == ["the cluster cannot be looked at: unknown user"]
    assert (found.releases, found.nodes, found.credentials) == ((), (), ())


def test_a_cloud_that_cannot_be_asked_keeps_nothing_else_from_sight(api: FakeApi) -> None:
    class Silent(FakeOpenStack):
        def __getattribute__(self, name: str) -> Any:
            if name in ("clusters_named", "servers"):
                raise OpenStackUnreachableError("Keystone does not answer")
            return super().__getattribute__(name)

    plan = make_plan(
        "demo",
        stack(components={"msgsvc": {}, "panda": {}}, hosts={"panda": "panda.cern.ch"}, cluster=DESCRIBED),
    )
    found = status_of(plan, Access(api, Silent(World())))
    reported = list(found.problems(NOW))
    assert "Magnum's cluster cannot be looked at: Keystone does not answer" in reported
    assert "LanDB aliases cannot be looked at: Keystone does not answer" in reported
    assert any(text.startswith("release panda-msgsvc is not there") for text in reported)


def test_what_is_not_deployed_is_known_where_the_state_is() -> None:
    assert status_of(PLAN, Access(None)).undeployed is None
    reported = status_of(PLAN, Access(None), before=Recorded()).undeployed
    assert reported
    assert "component iam is not deployed yet" in reported
