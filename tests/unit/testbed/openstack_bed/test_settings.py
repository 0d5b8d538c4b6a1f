import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.openstack_bed import settings as settings_of
from testbed.openstack_bed.settings import APIS, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        folder=tmp_path,
        services=Path("/services"),
        interpreter=Path("/python"),
        ports={api: 20000 + place for place, api in enumerate(APIS)},
        password="hunter2",
    )


def test_service_finds_its_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save()
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert settings_of.current() == settings


def test_password_is_for_the_owner_alone(settings: Settings) -> None:
    settings.save()
    mode = stat.S_IMODE((settings.folder / "settings.json").stat().st_mode)
    assert mode == 0o600
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.environment())


def test_urls_carry_the_versions_of_the_catalog(settings: Settings) -> None:
    assert settings.url("keystone") == "http://127.0.0.1:20000/v3"
    assert settings.url("glance") == "http://127.0.0.1:20002"
    assert settings.url("nova").endswith("/v2.1")
    assert settings.url("magnum").endswith("/v1")


def test_api_listens_or_not(settings: Settings) -> None:
    with socket.create_server((settings_of.HOST, 0)) as server:
        port = server.getsockname()[1]
        served = replace(settings, ports={"nova": port})
        assert served.listens("nova")
    assert not served.listens("nova")
