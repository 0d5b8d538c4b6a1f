import gc
import sys
from collections.abc import Iterator

import pytest

from testbed.openstack_bed.services import startup
from tools import REPOSITORY


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_sources_are_no_part_of_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(sys, "path", ["", str(REPOSITORY), "/elsewhere"])
    startup.begin()
    assert sys.path == ["/elsewhere"]


def test_nothing_is_collected_until_the_start_is_over() -> None:
    startup.begin()
    assert not gc.isenabled()
    startup.over()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
