import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.tools.conftest import Workshop
from tools import REPOSITORY, build
from tools.errors import ToolsError
from tools.parts import CONTROL_PLANE, KWOK, LANGUAGE_PYTHON, PLUGIN_KUBERNETES


def silent(_: str) -> None:
    pass


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_stamp_is_stable(workshop: Workshop) -> None:
    assert build.stamp(KWOK, build.find_go()) == build.stamp(KWOK, build.find_go())
    assert build.stamp(KWOK, build.find_go()) != build.stamp(CONTROL_PLANE, build.find_go())
    assert workshop.builds() == []


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go", "sub/new.go"])
def test_a_stamp_follows_the_sources(workshop: Workshop, name: str) -> None:
    before = build.stamp(KWOK, build.find_go())
    file = workshop.modules / KWOK.name / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("another")
    assert build.stamp(KWOK, build.find_go()) != before


def test_a_stamp_follows_the_linker_flags_and_the_go_version(workshop: Workshop) -> None:
    go = build.find_go()
    before = build.stamp(KWOK, go)
    assert build.stamp(replace(KWOK, variables={"main.version": "2"}), go) != before
    (workshop.bin / "version").write_text("go1.27.0\n")
    assert build.stamp(KWOK, build.find_go()) != before


def test_no_go_is_one_clear_error(workshop: Workshop) -> None:
    (workshop.bin / "go").unlink()
    with pytest.raises(ToolsError, match=r"Go is not on PATH: install Go 1\.26 or newer"):
        build.find_go()


@pytest.mark.parametrize("version", ["go1.25.9", "go1.3", "devel"])
def test_an_old_go_is_one_clear_error(workshop: Workshop, version: str) -> None:
    (workshop.bin / "version").write_text(f"{version}\n")
    with pytest.raises(ToolsError, match=r"Go 1\.26 or newer is needed"):
        build.find_go()


def test_a_build_gives_every_executable_and_happens_once(workshop: Workshop) -> None:
    lines: list[str] = []
    go = build.find_go()
    folder = build.build(CONTROL_PLANE, go, lines.append)
    assert build.build(CONTROL_PLANE, go, lines.append) == folder
    assert folder.is_relative_to(workshop.cache / "tools" / "control-plane")
    assert {file.name for file in folder.iterdir()} == {each.name for each in CONTROL_PLANE.executables}
    assert all(os.access(file, os.X_OK) for file in folder.iterdir())
    assert len(workshop.builds()) == 1
    assert [line.split(":")[0] for line in lines] == [f"control-plane {CONTROL_PLANE.version}"] * 2
    assert "built in " in lines[1]


def test_a_build_puts_files_of_the_module_beside(workshop: Workshop) -> None:
    folder = build.build(LANGUAGE_PYTHON, build.find_go(), silent)
    assert os.access(folder / "pulumi-language-python-exec", os.X_OK)
    assert os.access(folder / "pulumi-resource-pulumi-python", os.X_OK)
    assert workshop.builds()


def test_embedded_files_are_shown_by_an_overlay(workshop: Workshop) -> None:
    build.build(PLUGIN_KUBERNETES, build.find_go(), silent)
    (command,) = workshop.builds()
    assert " -overlay " in command
    assert not (workshop.modules / PLUGIN_KUBERNETES.name / "schema.json").exists()


def test_a_build_verifies_its_modules_whatever_the_user_has_set(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOWORK", "/elsewhere/go.work")
    build.build(KWOK, build.find_go(), silent)
    assert " -mod=readonly " in workshop.builds()[0]
    assert (workshop.bin / "settings").read_text() == "GOFLAGS=-buildvcs=false GOWORK=off\n"


def test_a_failed_build_names_the_part_and_shows_the_last_lines(workshop: Workshop) -> None:
    (workshop.bin / "fail").touch()
    go = build.find_go()
    with pytest.raises(ToolsError) as caught:
        build.build(KWOK, go, silent)
    first, *lines = str(caught.value).splitlines()
    assert f"kwok {KWOK.version} cannot be built" in first
    assert lines == [f"compiler line {number}" for number in range(81, 101)]
    assert [file.name for file in (workshop.cache / "tools" / "kwok").iterdir()] == [".lock"]
    (workshop.bin / "fail").unlink()
    assert (build.build(KWOK, go, silent) / "kwok").exists()


# A process of its own, since what is killed must be a real one.
BUILD_KWOK = (
    "import sys; from pathlib import Path; from tools import build, parts\n"
    "parts.MODULES = Path(sys.argv[1])\n"
    "print(build.build(parts.KWOK, build.find_go(), lambda line: print(line, flush=True)))"
)


def start(workshop: Workshop) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD_KWOK, workshop.modules],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_half_made(workshop: Workshop, by: signal.Signals) -> None:
    (workshop.bin / "hold").touch()
    with start(workshop) as process:
        until(lambda: len(workshop.builds()) == 1)
        os.killpg(process.pid, by)
        assert process.wait(10) != 0
    folder = build.folder_of(KWOK, build.find_go())
    assert not folder.exists()
    (workshop.bin / "hold").unlink()
    assert build.build(KWOK, build.find_go(), silent) == folder
    assert sorted(file.name for file in folder.parent.iterdir()) == sorted([".lock", folder.name])


def test_concurrent_runs_build_once(workshop: Workshop) -> None:
    (workshop.bin / "hold").touch()
    with start(workshop) as first:
        until(lambda: len(workshop.builds()) == 1)
        with start(workshop) as second:
            assert second.stdout
            waiting = second.stdout.readline()
            (workshop.bin / "hold").unlink()
            outputs = [process.communicate(timeout=10)[0].splitlines() for process in (first, second)]
    assert "waiting" in waiting
    assert outputs[0][-1] == outputs[1][-1] == str(build.folder_of(KWOK, build.find_go()))
    assert len(workshop.builds()) == 1
    assert Path(outputs[0][-1], "kwok").exists()
