import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from testbed.openstack_bed import config_files, template
from testbed.openstack_bed.settings import Settings


@contextmanager
def keystone(folder: Path) -> Iterator[sqlite3.Connection]:
    (folder / "databases").mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "databases" / "keystone.db")) as connection, connection:
        yield connection


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    with keystone(folder) as connection:
        connection.executescript("""
            CREATE TABLE service (id, type, enabled);
            CREATE TABLE endpoint (service_id, interface, url);
            INSERT INTO service VALUES ('1', 'identity', 1), ('2', 'compute', 1);
            INSERT INTO endpoint VALUES ('1', 'public', 'old'), ('1', 'admin', 'old'), ('2', 'public', 'old');
        """)
    for name in ("fernet", "fernet-receipts", "credential"):
        (folder / name).mkdir()
        (folder / name / "0").write_text(name)
    (folder / "password").write_text("hunter2")
    return folder


@pytest.fixture
def bed(tmp_path: Path, made: Path) -> Settings:
    settings = template.settings(tmp_path / "bed", Path("/services"), template.password(made))
    config_files.write(settings)
    template.copy(made, settings)
    return settings


def test_catalog_leads_to_the_bed(bed: Settings) -> None:
    with keystone(bed.folder) as connection:
        found = connection.execute("SELECT * FROM endpoint").fetchall()
    assert found == [
        ("1", "public", bed.url("keystone")),
        ("1", "admin", bed.url("keystone")),
        ("2", "public", bed.url("nova")),
    ]


def test_catalog_lacks_what_the_bed_is_without(tmp_path: Path, made: Path) -> None:
    settings = template.settings(tmp_path / "poor", Path("/services"), "")
    settings.folder.mkdir()
    template.copy(made, settings, without=["nova"])
    with keystone(settings.folder) as connection:
        assert connection.execute("SELECT type FROM service WHERE enabled").fetchall() == [("identity",)]


def test_keys_and_password_are_those_of_the_records(bed: Settings) -> None:
    assert bed.password == "hunter2"
    assert (bed.folder / "fernet" / "0").read_text() == "fernet"
    assert (bed.folder / "credential" / "0").read_text() == "credential"


def test_template_stays_as_it_is(made: Path, bed: Settings) -> None:
    assert bed.folder.exists()
    with keystone(made) as connection:
        assert connection.execute("SELECT DISTINCT url FROM endpoint").fetchall() == [("old",)]


def test_every_bed_has_ports_of_its_own(tmp_path: Path) -> None:
    one, other = (template.settings(tmp_path, Path("/services"), "") for _ in range(2))
    assert len({*one.ports.values()}) == len(one.ports)
    assert one.ports != other.ports


def test_made_once_for_the_same_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(bed: Settings, folder: Path) -> None:
        (folder / "password").write_text(bed.password)

    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path))
    monkeypatch.setattr(template, "_make", make)
    lines: list[str] = []
    first, again, other = (template.ensure(Path("/venvs") / name, lines.append) for name in "aab")
    assert first == again != other
    assert len(lines) == 2
    assert len(template.password(first)) > 16
