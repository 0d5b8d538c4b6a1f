"""The adapter's own logic: pages, retries, errors in words. The real services are met in the e2e tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panda_infra.clients.openstack.api import Limits, OpenStackError
from panda_infra.clients.openstack.sdk import SdkOpenStack
from tests.support.http_cloud import HttpCloud, running


@pytest.fixture
def http() -> Iterator[HttpCloud]:
    with running(workers=3) as cloud:
        yield cloud


@pytest.fixture
def openstack(http: HttpCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SdkOpenStack:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(http.clouds_file(tmp_path)))
    return SdkOpenStack("http")


def test_a_listing_goes_through_all_pages(openstack: SdkOpenStack, http: HttpCloud) -> None:
    http.page = 2
    assert [server.id for server in openstack.servers("panda-bench-")] == ["server-0", "server-1", "server-2"]
    assert sum(call.path.endswith("/servers/detail") for call in http.calls) == 2


def test_rate_limits_and_server_errors_are_waited_out(openstack: SdkOpenStack, http: HttpCloud) -> None:
    http.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    assert len(openstack.servers("panda-bench-")) == 3


def test_an_error_is_reported_in_the_services_words(openstack: SdkOpenStack, http: HttpCloud) -> None:
    http.answers = [(403, {})]
    with pytest.raises(OpenStackError, match=r"GET /servers/detail: HTTP 403: Forbidden") as refused:
        openstack.servers("panda-bench-")
    assert not refused.value.ambiguous


@pytest.mark.parametrize("keystones", [401, 404])
def test_credentials_that_have_ended_are_reported(
    openstack: SdkOpenStack, http: HttpCloud, monkeypatch: pytest.MonkeyPatch, keystones: int
) -> None:
    openstack.servers("panda-bench-")
    http.answers = [(401, {})]
    monkeypatch.setattr(http, "_identity", lambda _method: (keystones, {"error": {"message": "no"}}))
    with pytest.raises(OpenStackError, match=r"Keystone refuses the credentials of cloud http") as refused:
        openstack.servers("panda-bench-")
    assert refused.value.status == 401


def test_what_is_gone_already_may_be_removed(openstack: SdkOpenStack, http: HttpCloud) -> None:
    http.answers = [(404, {})]
    openstack.delete_metadata("server-0", "landb-alias")


def test_a_token_or_password_is_no_application_credential(openstack: SdkOpenStack) -> None:
    assert openstack.application_credential() is False


def test_a_cloud_that_does_not_answer_is_reported(
    http: HttpCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    http.url = "http://127.0.0.1:9"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(http.clouds_file(tmp_path)))
    with pytest.raises(OpenStackError, match="cloud http cannot be reached"):
        SdkOpenStack("http").set_metadata("server-0", {})


def test_a_cloud_without_block_storage_has_no_volumes(openstack: SdkOpenStack, http: HttpCloud) -> None:
    assert openstack.volumes() == []
    assert not [call for call in http.calls if "volumes" in call.path]


def test_a_cloud_without_manila_has_no_shares(openstack: SdkOpenStack, http: HttpCloud) -> None:
    assert openstack.shares() == []
    assert not [call for call in http.calls if "shares" in call.path]


def test_limits_are_read_from_each_service_that_there_is(openstack: SdkOpenStack, http: HttpCloud) -> None:
    http.shares = {"maxTotalShares": 50, "totalSharesUsed": 2}
    http.shares |= {"maxTotalShareGigabytes": -1, "totalShareGigabytesUsed": 7}
    assert openstack.limits() == {
        "instances": Limits(10, 3),
        "cores": Limits(None, 12),
        "ram": Limits(51200, 24000),
        "shares": Limits(50, 2),
        "share storage": Limits(None, 7),
    }
