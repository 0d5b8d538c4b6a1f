from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed import bed as beds
from testbed import instances, local, processes, state
from testbed.bed import Bed
from testbed.errors import BedError

NAME = "local"


@pytest.fixture
def openstack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an OpenStack beside the instance, with a process in it."""
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    folder = state.folder(NAME) / "openstack"
    process = processes.spawn(folder, "keystone", ["sleep", "60"])
    yield folder
    process.child.kill()
    process.child.wait()


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return Bed(name=NAME, state=tmp_path, kubeconfig=tmp_path / "kubeconfig", registry="", pids={})


def test_openstack_ends_with_its_instance(openstack: Path) -> None:
    assert processes.alive(openstack)
    instances.stop(NAME)
    assert not processes.alive(openstack)
    assert not openstack.exists()


def test_openstack_ends_with_the_local_stack(openstack: Path) -> None:
    local.down()
    assert not processes.alive(openstack)


def test_start_clears_what_a_killed_one_left(
    openstack: Path, bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beds, "start", lambda name, **_options: replace(bed, name=name))
    assert instances.start(NAME).name == NAME
    assert not processes.alive(openstack)


def test_start_clears_what_a_killed_user_of_another_name_left(
    openstack: Path, bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "abandoned", lambda: iter([NAME]))
    monkeypatch.setattr(beds, "start", lambda name, **_options: replace(bed, name=name))
    with instances.running("other"):
        assert not processes.alive(openstack)
        assert not state.folder(NAME).exists()
        assert state.folder("other").with_suffix(".owner").exists()
    assert not list(state.root().iterdir())


def test_second_start_leaves_what_runs(openstack: Path, bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, **_options: object) -> Bed:
        raise BedError(f"{name} runs already")

    monkeypatch.setattr(beds, "find", lambda _name: bed)
    monkeypatch.setattr(beds, "start", refuse)
    with pytest.raises(BedError, match="runs already"):
        instances.start(NAME)
    assert processes.alive(openstack)
