"""A log-in that cannot work ends in one error that names the file or variable, the key, and what to do."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.openstack.api import OpenStackError
from panda_infra.clients.openstack.login import scope_of
from panda_infra.clients.openstack.sdk import SdkOpenStack
from panda_infra.errors import NotAllowedError
from tests.support import fast_yaml
from tests.support.http_cloud import HttpCloud, running

_AUTH = {
    "auth_url": "https://keystone.example/v3",
    "username": "u",
    "password": "hunter2",
    "project_name": "x",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
}
_AS_CERN_SETS_IT = {
    "OS_AUTH_TYPE": "v3fedkerb",
    "OS_AUTH_URL": "https://keystone.example/v3",
    "OS_IDENTITY_PROVIDER": "sssd",
    "OS_PROTOCOL": "kerberos",
    "OS_MUTUAL_AUTH": "disabled",
    "OS_PROJECT_NAME": "IT PanDA",
    "OS_PROJECT_DOMAIN_ID": "default",
    "OS_IDENTITY_API_VERSION": "3",
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No log-in of whoever runs the tests."""
    for name in (
        "AUTH_TYPE",
        "AUTH_URL",
        "USERNAME",
        "PASSWORD",
        "PROJECT_NAME",
        "CLOUD",
        "CLIENT_CONFIG_FILE",
    ):
        monkeypatch.delenv(f"OS_{name}", raising=False)
    monkeypatch.setattr("openstack.config.loader.CONFIG_FILES", [str(tmp_path / "usual-clouds.yaml")])


def problem(cloud: str | None = "cern") -> str:
    with pytest.raises(OpenStackError) as reported:
        SdkOpenStack(cloud)
    assert "hunter2" not in str(reported.value)
    return str(reported.value)


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "usual-clouds.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (
            "clouds:\n\tcern:\n\t\tauth_type: password\n",
            "is no YAML at line 2, column 1: a tab; indent by spaces",
        ),
        (
            "clouds:\n  cern:\n    auth: https://keystone\n",
            ": clouds.cern.auth is no mapping: write auth_url",
        ),
        ("clouds:\n  cern: https://keystone\n", ": clouds.cern is no mapping"),
        ("clouds: [cern]\n", " has no mapping `clouds`"),
        ("cern: {}\n", " has no mapping `clouds`"),
        ("clouds: {\n", "is no YAML at line 2"),
    ],
)
def test_the_file_is_named_with_its_key(tmp_path: Path, text: str, reported: str) -> None:
    file = written(tmp_path, text)
    message = problem()
    assert file in message
    assert reported in message


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (
            {"cacert": "~/no-such-ca.pem"},
            "cacert of cloud 'cern' in clouds.yaml: the file with the authorities",
        ),
        (
            {"cert": "/no/such.pem"},
            "cert of cloud 'cern' in clouds.yaml: the client certificate is not at /no/such.pem",
        ),
        ({"auth": _AUTH | {"password": ""}}, "clouds.cern.auth.password in clouds.yaml is not set"),
        (
            {"auth": _AUTH | {"auth_url": "keystone"}},
            "clouds.cern.auth.auth_url in clouds.yaml is not an address",
        ),
        ({"auth_type": "v3foo"}, "The plugin v3foo could not be found"),
    ],
)
def test_the_key_of_a_cloud_is_named(tmp_path: Path, change: Mapping[str, Any], reported: str) -> None:
    written(tmp_path, fast_yaml.dump({"clouds": {"cern": {"auth": _AUTH} | dict(change)}}))
    assert reported in problem()


def test_the_only_cloud_of_a_file_needs_no_name(tmp_path: Path) -> None:
    written(tmp_path, fast_yaml.dump({"clouds": {"cern": {"auth": _AUTH | {"password": ""}}}}))
    assert "clouds.cern.auth.password in clouds.yaml is not set" in problem(None)


def test_a_cloud_that_nobody_wrote_down(tmp_path: Path) -> None:
    written(tmp_path, fast_yaml.dump({"clouds": {"cern": {"auth": _AUTH}}}))
    assert "Cloud elsewhere was not found" in problem("elsewhere")


def test_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OS_AUTH_URL is not an address" in problem(None)
    monkeypatch.setenv("OS_AUTH_URL", "https://keystone.example/v3")
    monkeypatch.setenv("OS_USERNAME", "u")
    assert "OS_PASSWORD is not set" in problem(None)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/no/clouds.yaml")
    assert "OS_CLIENT_CONFIG_FILE names /no/clouds.yaml, which is not there" in problem(None)


@pytest.mark.skipif(importlib.util.find_spec("requests_kerberos") is not None, reason="Kerberos is installed")
def test_kerberos_as_cern_sets_it_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _AS_CERN_SETS_IT.items():
        monkeypatch.setenv(name, value)
    reported = problem(None)
    assert "the log-in v3fedkerb needs a package" in reported
    assert "pip install 'keystoneauth1[kerberos]'" in reported


@pytest.mark.parametrize(
    ("auth", "scope"),
    [
        (_AUTH, "project x of domain Default"),
        ({"project_id": "abc"}, "project abc"),
        ({"domain_name": "cern"}, "domain cern"),
        ({"system_scope": "all", "project_name": "x"}, "the system"),
        ({"application_credential_id": "i"}, "the application credential's project"),
        ({"username": "u"}, "no project, domain or system"),
    ],
)
def test_the_scope_of_a_log_in(auth: Mapping[str, str], scope: str) -> None:
    assert scope_of(auth) == scope


def test_a_refusal_names_the_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud: HttpCloud
    with running(workers=1) as cloud:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.clouds_file(tmp_path)))
        cloud.answers = [(403, {})]
        with pytest.raises(NotAllowedError, match=r"HTTP 403.*for project p of domain Default"):
            SdkOpenStack("http").servers("panda-bench-")


def test_whatever_a_library_raises_ends_in_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OddError(Exception):
        pass

    with running(workers=1) as cloud:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.clouds_file(tmp_path)))
        openstack = SdkOpenStack("http")

        def odd(*_: object, **__: object) -> None:
            raise OddError("with a hunter2 in it")

        monkeypatch.setattr("openstack.proxy.Proxy.request", odd)
        with pytest.raises(OpenStackError, match=r"GET /servers/detail: .* \(OddError\)") as reported:
            openstack.servers("panda-bench-")
    assert "hunter2" not in str(reported.value)
