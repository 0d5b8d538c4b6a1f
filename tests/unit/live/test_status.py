"""The condition of a stack, from what the API says."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

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


def record(name: str, version: int, status: str = "deployed") -> dict[str, Any]:
    return {
        "metadata": {"labels": {"owner": "helm", "name": name, "version": str(version), "status": status}}
    }


def pod(release: str, *, ready: bool = True, phase: str = "Running") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    labels = {"app.kubernetes.io/instance": release}
    return {"metadata": {"labels": labels}, "status": {"phase": phase, "conditions": conditions}}


@pytest.fixture
def api() -> FakeApi:
    api = FakeApi()
    records = [record("panda-msgsvc", 9, "superseded"), record("panda-msgsvc", 10), record("iam", 1)]
    api.add(f"{HERE}/secrets", *records, record("iam-db", 1))
    job = pod("iam-db", ready=False, phase="Succeeded")
    api.add(f"{HERE}/pods", pod("panda-msgsvc"), pod("iam"), pod("iam-db"), job, pod("argo", ready=False))
    return api


def status(api: FakeApi, **user: str) -> Status:
    kubeconfig = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"user": "u"}}],
        "users": [{"name": "u", "user": user}],
    }
    return status_of(PLAN, Access(api, kubeconfig=kubeconfig))


def test_the_newest_record_counts_and_finished_jobs_do_not(api: FakeApi) -> None:
    found = status(api)
    releases = {one.name: (one.status, one.revision, one.ready, one.pods) for one in found.releases}
    assert releases == {
        "panda-msgsvc": ("deployed", 10, 1, 1),
        "iam": ("deployed", 1, 1, 1),
        "iam-db": ("deployed", 1, 1, 1),
    }
    assert list(found.problems(NOW)) == []


def test_what_is_wrong_is_named(api: FakeApi) -> None:
    api.add(f"{HERE}/secrets", record("panda-msgsvc", 11, "pending-upgrade"))
    api.add(f"{HERE}/pods", pod("iam", ready=False))
    api.objects[f"{HERE}/secrets"]["items"].remove(record("iam-db", 1))
    assert set(status(api).problems(NOW)) == {
        "release iam-db is not there",
        "release panda-msgsvc is pending-upgrade",
        "release iam: 1 of 2 pods are not ready",
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
