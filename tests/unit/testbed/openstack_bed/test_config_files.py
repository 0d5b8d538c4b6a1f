import configparser
from pathlib import Path

import pytest

from testbed.openstack_bed import config_files
from testbed.openstack_bed.settings import APIS, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        folder=tmp_path / "cloud",
        services=Path("/services"),
        interpreter=Path("/python"),
        ports={api: 20000 + place for place, api in enumerate(APIS)},
        password="hunter2",
    )


def parsed(settings: Settings, name: str) -> configparser.RawConfigParser:
    config_files.write(settings)
    parser = configparser.RawConfigParser(default_section="")
    parser.read(settings.etc / name)
    return parser


def test_every_service_has_a_file(settings: Settings) -> None:
    config_files.write(settings)
    assert {path.name for path in settings.etc.iterdir()} == {
        "keystone.conf", "placement.conf", "glance-api.conf", "neutron.conf", "nova.conf", "magnum.conf",
        "cinder.conf", "manila.conf",
    }  # fmt: skip


def test_everything_is_written_below_the_folder(settings: Settings) -> None:
    config_files.write(settings)
    for path in settings.etc.iterdir():
        parser = parsed(settings, path.name)
        values = [value for section in parser.sections() for value in parser[section].values()]
        paths = [value.removeprefix("sqlite:///") for value in values]
        absolute = [value for value in paths if value.startswith("/")]
        assert all(value.startswith((f"{settings.folder}/", "/services/etc/")) for value in absolute), path


def test_folder_is_the_owners_alone(settings: Settings) -> None:
    config_files.write(settings)
    assert settings.folder.stat().st_mode & 0o077 == 0


def test_services_sign_in_at_keystone(settings: Settings) -> None:
    nova = parsed(settings, "nova.conf")
    for section in ("placement", "glance", "neutron", "service_user", "keystone_authtoken"):
        assert nova[section]["auth_url"] == "http://127.0.0.1:20000/v3"
        assert nova[section]["username"] == "nova"


def test_magnum_leaves_the_clusters_to_the_beds_driver(settings: Settings) -> None:
    assert parsed(settings, "magnum.conf")["drivers"]["disabled_drivers"] == "k8s_fedora_coreos_v1"


def test_rendering() -> None:
    text = config_files.render({"DEFAULT": {"use_stderr": False}, "quota": {"cores": -1}})
    assert text == "[DEFAULT]\nuse_stderr = false\n[quota]\ncores = -1\n"
