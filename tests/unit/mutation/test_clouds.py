"""clouds.yaml, changed: what the SDK would leave out or trip over is reported in words."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from panda_infra.clients.openstack.api import OpenStackError
from panda_infra.clients.openstack.sdk import SdkOpenStack
from panda_infra.errors import PandaInfraError
from tests.support import fast_yaml
from tests.support.held import CANARY, held
from tests.support.mutations import texts, trees

_TREE: dict[str, Any] = {
    "clouds": {
        "cern": {
            "auth": {
                "auth_url": "http://127.0.0.1:1/v3",
                "username": "u",
                "password": CANARY,
                "project_name": "p",
                "user_domain_name": "default",
                "project_domain_name": "default",
            },
            "auth_type": "password",
            "region_name": "cern",
            "identity_api_version": 3,
            "interface": "public",
            "verify": True,
        },
        "other": {
            "auth": {
                "auth_url": "https://127.0.0.1:1/v3",
                "application_credential_id": "i",
                "application_credential_secret": CANARY,
            },
            "auth_type": "v3applicationcredential",
        },
    }
}
_TEXT = fast_yaml.dump(_TREE, sort_keys=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clouds") / "clouds.yaml"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """No log-in of the machine's."""
    monkeypatch.setenv("HOME", str(file.parent))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))


def logged_in(file: Path, text: str) -> None:
    """As every command for a stack of Magnum's begins: nothing is asked of the cloud yet."""
    file.write_text(text, encoding="utf-8", newline="")
    try:
        SdkOpenStack("cern")
    except OpenStackError:
        raise
    except PandaInfraError as error:
        raise AssertionError(error) from None


@given(texts([_TEXT]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_changed_file_is_taken_or_refused(file: Path, text: str) -> None:
    held(partial(logged_in, file, text))


@given(trees([_TREE]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_changed_values_are_taken_or_refused(file: Path, tree: Any) -> None:
    held(partial(logged_in, file, fast_yaml.dump(tree)))


@pytest.mark.long
@given(texts([_TEXT], most=6), trees([_TREE], most=6))
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_many_changes_are_taken_or_refused(file: Path, text: str, tree: Any) -> None:
    held(partial(logged_in, file, text))
    held(partial(logged_in, file, fast_yaml.dump(tree)))
