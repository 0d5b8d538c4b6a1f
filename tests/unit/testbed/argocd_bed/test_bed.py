from pathlib import Path

import pytest

from testbed import executables, processes
from testbed.api import Api
from testbed.argocd_bed import bed as beds
from testbed.argocd_bed import objects, parts
from testbed.bed import Bed
from testbed.errors import BedError


class _Cluster(Api):
    def __init__(self, _kubeconfig: Path) -> None:
        pass


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were started, of which no process exists."""
    names: list[str] = []
    monkeypatch.setattr(beds, "Api", _Cluster)
    monkeypatch.setattr(parts, "locate", dict.fromkeys([*parts.PARTS, "argocd"], Path("/x/argocd")).copy)
    monkeypatch.setattr(executables, "locate", {"helm": Path("/x/helm")}.copy)
    monkeypatch.setattr(processes, "spawn", lambda _state, part, _command, _environment: names.append(part))
    monkeypatch.setattr(objects, "forget_registry", lambda _api, _namespace: None)
    return names


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return Bed("b", tmp_path, tmp_path / "kubeconfig", "127.0.0.1:5000", {})


def test_nothing_but_servers_runs_before_an_installation(
    bed: Bed, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "installed", lambda _api, _namespace: False)
    with beds.beside_installation(bed) as argo:
        assert (bed.state / "argocd" / "tmp").is_dir()
        assert argo.git.repository("charts").url.startswith("http://127.0.0.1:")
    assert started == [parts.REDIS, parts.GIT]
    assert not (bed.state / "argocd").exists()


def test_what_an_installation_lacks_is_reported_at_the_end(
    bed: Bed, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise BedError("no rights")

    monkeypatch.setattr(objects, "installed", lambda _api, _namespace: True)
    monkeypatch.setattr(objects, "declare_registry", fails)
    with pytest.raises(BedError, match="no rights"), beds.beside_installation(bed):
        assert started[:2] == [parts.REDIS, parts.GIT]


def test_a_bed_has_one_argo_cd_at_a_time(bed: Bed, started: list[str]) -> None:
    (bed.state / "argocd").mkdir()
    with pytest.raises(BedError, match="has an Argo CD already"), beds.running(bed):
        pass
    assert started == []
