"""The condition of a stack, from what the API says."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from panda_infra.live.access import Access
from panda_infra.live.status import Status, status_of
from panda_infra.plan.make import make_plan
from tests.support.stacks import stack
from tests.unit.provider.fakes import authority
from tests.unit.teardown.fakes import FakeApi

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
    kubeconfig = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"user": "u"}}],
        "users": [{"name": "u", "user": user}],
    }
    return status_of(PLAN, Access(api, kubeconfig=kubeconfig))


def test_what_is_wrong_with_a_release_is_named(api: FakeApi) -> None:
    assert {text.partition(":")[0] for text in status(api).problems(NOW)} == {
        "release iam-db is not there",
        "release panda-msgsvc is not there",
        "release iam is not there",
    }


def test_ends_of_certificates_are_shown_without_any_value(api: FakeApi) -> None:
    data = {"hostcert.pem": encoded(pem()), "password": encoded("canary"), "odd": encoded(b"\xff\x00")}
    api.objects[f"{HERE}/secrets/panda-secrets-iam-certs"] = {"data": data}
    found = status(api)
    (certificate,) = found.certificates
    assert (certificate.secret, certificate.key) == ("panda-secrets-iam-certs", "hostcert.pem")
    assert "canary" not in repr(found)
    late = certificate.expires + timedelta(days=1)
    assert "hostcert.pem of Secret panda-secrets-iam-certs has expired" in list(found.problems(late))


def test_the_credentials_end_is_read_from_certificate_or_token(api: FakeApi) -> None:
    by_certificate = status(api, **{"client-certificate-data": encoded(pem())})
    assert by_certificate.access_expires == authority(0)[1].not_valid_after_utc
    claims = urlsafe_b64encode(json.dumps({"exp": NOW.timestamp()}).encode()).decode().rstrip("=")
    by_token = status(api, token=f"head.{claims}.signature")
    assert by_token.access_expires == NOW
    assert "the credential for the cluster has expired" in list(by_token.problems(NOW))
    assert status(api, token="opaque").access_expires is None


def test_a_cluster_that_does_not_exist_has_no_release() -> None:
    found = status_of(PLAN, Access(None))
    assert {one.status for one in found.releases} == {""}
