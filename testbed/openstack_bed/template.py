"""The initial state of every cloud: made once per release, copied at each start.

Schemas, keys and Keystone's records are the same each time but take most of the time to make; only the addresses in
the catalog differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from testbed import ports, processes
from testbed.openstack_bed import config_files, launch, seed
from testbed.openstack_bed.settings import APIS, Settings
from tools import cache

_KEYS = ("fernet", "fernet-receipts", "credential")
_DATABASES = "databases"
_PASSWORD = "password"  # noqa: S105 (a file's name)


def ensure(services: Path, report: Callable[[str], None]) -> Path:
    """The template's folder in the cache, made first if there is none for these services and this code.

    Raises:
        BedError: a service cannot be prepared.
    """
    folder = cache.root() / "openstack" / _identity(services)

    def make(empty: Path) -> None:
        report("OpenStack: preparing the data bases, once")
        # In another folder, because other files of the processes are not part of the template.
        with tempfile.TemporaryDirectory(prefix="openstack-") as scratch:
            _make(settings(Path(scratch), services, secrets.token_urlsafe(16)), empty)

    cache.publish(
        folder, make, lambda: report("OpenStack: waiting for another run to prepare the data bases")
    )
    return folder


def password(template: Path) -> str:
    """The password of every user in the template."""
    return (template / _PASSWORD).read_text()


def settings(folder: Path, services: Path, secret: str) -> Settings:
    """Settings of a bed in ``folder``, at free ports."""
    return Settings(
        folder=folder,
        services=services,
        interpreter=Path(sys.executable),
        ports=dict(zip(APIS, ports.free(len(APIS)), strict=True)),
        password=secret,
    )


def copy(template: Path, bed: Settings, *, without: Collection[str] = ()) -> None:
    """Copies the template's state to the services of ``bed``, with their own addresses.

    The APIs ``without`` are missing from the bed's catalog.
    """
    for name in (_DATABASES, *_KEYS):
        shutil.copytree(template / name, bed.folder / name, dirs_exist_ok=True)
    addresses = [(bed.url(name), kind) for name, kind in seed.TYPES.items()]
    with contextlib.closing(sqlite3.connect(bed.database("keystone"))) as keystone, keystone:
        keystone.executemany(
            "UPDATE endpoint SET url = ? WHERE service_id = (SELECT id FROM service WHERE type = ?)",
            addresses,
        )
        missing = [(seed.TYPES[name],) for name in without]
        keystone.executemany("UPDATE service SET enabled = 0 WHERE type = ?", missing)


def _identity(services: Path) -> str:
    """A hash of the locked packages, after which ``services`` is named, and of the code that uses them."""
    here = Path(__file__).parent
    digest = hashlib.sha256(services.name.encode())
    for source in sorted([*here.glob("*.py"), *here.glob("services/*.py")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _make(bed: Settings, template: Path) -> None:
    config_files.write(bed)
    bed.save()
    try:
        makers = [launch.spawn(bed, "schema", name) for name in APIS]
        for maker in makers:
            if maker.child.wait():
                maker.ensure_alive()
        keystone = launch.spawn(bed, "keystone")
        launch.await_api(bed, [keystone], "keystone")
        seed.identity(bed)
    finally:
        processes.stop(bed.folder)
    template.chmod(0o700)
    (template / _DATABASES).mkdir()
    for database in (bed.folder / _DATABASES).glob("*.db"):
        with contextlib.closing(sqlite3.connect(database)) as made:
            made.execute("VACUUM INTO ?", [str(template / _DATABASES / database.name)])
    for name in _KEYS:
        shutil.copytree(bed.folder / name, template / name)
    (template / _PASSWORD).write_text(bed.password)
