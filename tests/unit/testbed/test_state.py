import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed import state
from testbed.errors import BedError


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PANDA_INFRA_STATE": "/own", "XDG_STATE_HOME": "/xdg"}, "/own"),
        ({"XDG_STATE_HOME": "/xdg"}, "/xdg/panda-infra"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/panda-infra"),
    ],
)
def test_root(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PANDA_INFRA_STATE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert state.root() == Path(expected)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a-", "a" * 41, "a b", "a\n"])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str) -> None:
    with pytest.raises(BedError, match="a name is 1 to 40"):
        state.folder(name)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True))
def test_every_other_name_is_a_folder_right_below_the_root(name: str) -> None:
    assert state.folder(name).parent == state.root()
    assert state.folder(name).name == name


def test_lock_holds_the_second_until_the_first_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    inside, most = 0, 0
    guard = threading.Lock()

    def enter() -> None:
        nonlocal inside, most
        for _ in range(20):
            with state.lock("a"):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_owner_left_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path))
    script = "from testbed import state\nwith state.owned('killed'): print('owned', flush=True); input()"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        owner.stdout.readline()
        with state.owned("mine"):
            assert list(state.abandoned()) == []
            owner.kill()
            owner.wait()
            assert list(state.abandoned()) == ["killed"]
            assert list(state.abandoned()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_cannot_be_made_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PANDA_INFRA_STATE", str(tmp_path / "file"))
    with pytest.raises(BedError, match="set PANDA_INFRA_STATE"), state.lock("a"):
        pass
