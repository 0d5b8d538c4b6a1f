import re
from pathlib import Path

from testbed.openstack_bed.bed import LOCK

INPUT = Path(LOCK).parent / "openstack_bed" / "requirements.in"


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_lock_has_what_is_asked_for() -> None:
    locked = pins(LOCK.read_text())
    wanted = pins(INPUT.read_text())
    services = {"cinder", "glance", "keystone", "magnum", "manila", "neutron", "nova", "openstack-placement"}
    assert set(wanted) == services
    assert wanted.items() <= locked.items()


def test_every_pin_has_hashes_and_no_source_is_named() -> None:
    text = LOCK.read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 1)[1])
    assert len(entries) == len(pins(text)) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
