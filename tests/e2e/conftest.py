"""One bed for a whole session, where every test uses a namespace of its own, and one cloud per module."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import charts, instances, leftovers
from testbed.bed import Bed
from testbed.openstack_bed import bed as clouds
from testbed.openstack_bed.cloud import OpenStackBed

# Begun last, one of these would keep one worker busy while the others have nothing left to do.
_LONGEST = ("test_killed_runs", "test_local_stack", "test_secrets", "test_cli_secrets", "test_documentation")
_RANKS = {name: rank for rank, name in enumerate(_LONGEST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the order within each stays."""
    items.sort(key=lambda item: _RANKS.get(item.path.stem, len(_RANKS)))


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    """A fresh instance with four workers and the fixture charts published."""
    folders = charts.chosen(None)
    with instances.running(f"e2e-{secrets.token_hex(4)}", nodes=4, charts=folders) as bed:
        yield bed


@pytest.fixture(scope="module")
def before(bed: Bed) -> frozenset[str]:
    """What the cluster had before the stack of a module."""
    return leftovers.of_cluster(bed)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Like a checkout of the real charts, with the fixture charts in it."""
    folder = tmp_path / "panda-k8s"
    folder.mkdir()
    (folder / "helm").symlink_to(charts.FIXTURES)
    return folder


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackBed]:
    """A fresh OpenStack in which nothing was made yet."""
    state = tmp_path_factory.mktemp("bed")
    try:
        yield clouds.start(state)
    finally:
        clouds.stop(state)
