import shlex
from pathlib import Path

import pytest

from tests.unit.tools.conftest import Workshop
from tools import REPOSITORY, roots, venv
from tools.__main__ import main
from tools.images import NODE


def test_build_builds_what_is_named(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "helm", "kwok"]) == 0
    assert len(workshop.builds()) == 2
    assert "helm" in capsys.readouterr().err


def test_env_can_be_evaluated(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env"]) == 0
    exports = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    assert all(export == "export" for export, _ in exports)
    assert {"PATH", "PULUMI_HOME"} <= {variable.split("=")[0] for _, variable in exports}
    assert workshop.builds()


def test_env_of_parts_without_the_engine(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "helm"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    folder, rest = line.removeprefix("export PATH=").split(":")
    assert (Path(folder) / "helm").exists()
    assert rest == str(workshop.bin)


def test_a_users_error_is_reported_in_plain_words(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.bin / "fail").touch()
    assert main(["build", "helm"]) == 1
    error = capsys.readouterr().err
    assert "error: helm" in error
    assert "Traceback" not in error


def test_prune_removes_old_builds_only(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    main(["build"])
    present = set(workshop.cache.glob("tools/*/*")) | set(workshop.cache.glob("engine/*"))
    (workshop.modules / "kwok" / "go.mod").write_text("another pin")
    main(["build", "kwok"])
    old = [
        workshop.cache / "venvs" / "main" / "old",
        workshop.cache / "pulumi-home" / "plugins" / "old",
        workshop.cache / "layers" / "node" / "old",
    ]
    for folder in old:
        folder.mkdir(parents=True)
    (old[1] / "pulumi-resource-old").symlink_to(workshop.cache / "gone")
    openstack = venv.folder_of(REPOSITORY / "testbed" / "requirements-openstack.lock", "openstack")
    layer = roots.layer_of(roots.folder_of(NODE))
    for folder in (openstack, layer):
        folder.mkdir(parents=True)
    capsys.readouterr()
    assert main(["prune"]) == 0
    assert openstack.exists()
    assert layer.exists()
    removed = [line.removeprefix("removed ") for line in capsys.readouterr().err.splitlines()]
    gone = {folder for folder in present if not folder.exists()}
    assert {str(folder) for folder in [*gone, *old]} == set(removed)
    assert [folder.parent.name for folder in gone] == ["kwok"]
