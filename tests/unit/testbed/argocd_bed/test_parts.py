from collections.abc import Mapping
from pathlib import Path

import pytest

from testbed import executables
from testbed.argocd_bed import parts
from tools.parts import ARGO_CD

_PORTS = parts.Ports(1, 2, 3, 4, 5, 6, 7)


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> Mapping[str, Path]:
        return {name: Path("/built") / name for name in (*parts.PARTS, "helm")}

    monkeypatch.setattr(parts, "locate", found)
    monkeypatch.setattr(executables, "locate", found)


def test_every_part_is_built() -> None:
    assert set(parts.PARTS) <= {executable.name for executable in ARGO_CD.executables}
    assert ARGO_CD.beside
    assert {Path(file).name for file in ARGO_CD.beside.files} == set(parts.DEFINITIONS)
    assert parts.definitions()[0] == Path("/built/application-crd.yaml")


def test_parts_find_each_other() -> None:
    repo_server = parts.repo_server(_PORTS)
    assert {"--port=3", "--disable-tls", "--redis=127.0.0.1:1"} <= set(repo_server)
    for command in (parts.controller(_PORTS, "argocd"), parts.server(_PORTS, "argocd")):
        wanted = {"--repo-server=127.0.0.1:3", "--repo-server-plaintext", "--namespace=argocd"}
        assert wanted <= set(command)
    assert parts.redis(_PORTS)[1:] == ["-address=127.0.0.1:1"]


def test_git_serves_its_folder_by_its_own_backend(tmp_path: Path) -> None:
    _, address, backend, root = map(str, parts.git(_PORTS, tmp_path))
    assert (address, root) == ("-address=127.0.0.1:2", f"-root={tmp_path}")
    assert Path(backend.removeprefix("-backend=")).is_file()


def test_the_repo_server_finds_helm_first_and_writes_into_its_folder(tmp_path: Path) -> None:
    environment = parts.environment(tmp_path)
    assert environment["PATH"].startswith("/built:/built:")
    assert environment["TMPDIR"] == str(tmp_path / "tmp")
