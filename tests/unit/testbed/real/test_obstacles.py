import os
import platform
import shutil
from pathlib import Path

import pytest

from testbed.errors import BedError
from testbed.real import obstacles
from tools import roots
from tools.errors import ToolsError


@pytest.fixture(autouse=True)
def packages_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "require_apt", lambda: None)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def test_all_is_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ToolsError("no apt here")

    monkeypatch.setattr(roots, "require_apt", refuse)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "ip" else f"/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BedError) as caught:
        obstacles.ensure_none(tmp_path / "new")
    reported = str(caught.value).splitlines()
    assert reported[0] == "this machine cannot have real nodes, nothing was started:"
    assert [line.split()[1:3] for line in reported[1:]] == [["the", "command"], ["no", "apt"], ["this", "is"]]
    assert not (tmp_path / "new").exists()


def test_another_system_is_reported_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert list(obstacles.found(tmp_path)) == [
        "it is Darwin on x86_64, and the images are for Linux on x86_64"
    ]


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        ("exit 0", []),
        (
            "echo make a bridge; echo mount an overlay upon $1",
            ["it cannot make a bridge", "it cannot mount an overlay upon"],
        ),
        ("echo not permitted >&2; exit 1", ["it cannot make namespaces: not permitted"]),
    ],
)
def test_what_root_cannot_do_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: str, expected: list[str]
) -> None:
    unshare = tmp_path / "bin" / "unshare"
    unshare.parent.mkdir()
    # The folder is the last argument.
    unshare.write_text(f"#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\n{trial}\n")
    unshare.chmod(0o755)
    for name in ("ip", "mount", "nsenter"):
        (unshare.parent / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{unshare.parent}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(obstacles, "_CGROUPS", tmp_path / "groups")
    (tmp_path / "groups").mkdir()
    (tmp_path / "groups" / "cgroup.procs").touch()
    reported = list(obstacles.found(tmp_path / "state"))
    assert len(reported) == len(expected)
    assert all(line.startswith(start) for line, start in zip(reported, expected, strict=True))
    assert list((tmp_path / "state").iterdir()) == []


def test_groups_of_processes_that_cannot_be_made_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstacles, "_CGROUPS", tmp_path / "none")
    assert list(obstacles._cgroups()) == [f"there are no groups of processes at {tmp_path / 'none'}"]
