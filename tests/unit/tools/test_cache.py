import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools import REPOSITORY, cache
from tools.errors import ToolsError


def test_root_is_overridable_then_xdg_then_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PANDA_INFRA_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.root() == tmp_path / "home" / ".cache" / "panda-infra"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.root() == tmp_path / "xdg" / "panda-infra"
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path / "own"))
    assert cache.root() == tmp_path / "own"


@pytest.mark.parametrize("inside", ["", "cache", "tests/../cache", ".cache/.."])
def test_root_is_not_among_the_sources(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(REPOSITORY / inside))
    with pytest.raises(ToolsError, match="PANDA_INFRA_CACHE"):
        cache.root()


def test_root_may_be_where_git_and_the_checks_look_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(REPOSITORY / ".cache"))
    assert cache.root() == REPOSITORY / ".cache"
    assert f"/{cache.root().name}/" in (REPOSITORY / ".gitignore").read_text().splitlines()


def test_publish_makes_a_folder_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")

    for _ in range(2):
        cache.publish(tmp_path / "parent" / "stamp", make)
    assert len(made) == 1
    assert (tmp_path / "parent" / "stamp" / "file").read_text() == "content"
    assert not made[0].exists()


@pytest.mark.parametrize("error", [ToolsError, KeyboardInterrupt])
def test_publish_leaves_nothing_half_made(tmp_path: Path, error: type[BaseException]) -> None:
    def make(folder: Path) -> None:
        (folder / "half").touch()
        raise error

    with pytest.raises(error):
        cache.publish(tmp_path / "stamp", make)
    assert [file.name for file in tmp_path.iterdir()] == [".lock"]


def test_publish_clears_what_a_killed_run_left(tmp_path: Path) -> None:
    (tmp_path / f"{cache.TEMPORARY}old").mkdir()
    (tmp_path / f"{cache.TEMPORARY}old" / "half").touch()
    cache.publish(tmp_path / "stamp", lambda folder: (folder / "whole").touch())
    assert sorted(file.name for file in tmp_path.iterdir()) == [".lock", "stamp"]


def test_publish_at_the_same_time_waits_and_makes_once(tmp_path: Path) -> None:
    runs = 6
    made: list[Path] = []
    waiting = threading.Semaphore(0)

    def make(folder: Path) -> None:
        made.append(folder)
        for _ in range(runs - 1):
            assert waiting.acquire(timeout=10)

    with ThreadPoolExecutor(runs) as pool:
        for done in [
            pool.submit(cache.publish, tmp_path / "stamp", make, waiting.release) for _ in range(runs)
        ]:
            done.result()
    assert len(made) == 1


def test_a_killed_holder_frees_its_lock(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from tools import cache\n"
    hold += "with cache.locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    file = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", hold, file], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        waited: list[bool] = []

        def kill() -> None:
            waited.append(True)
            holder.kill()

        with cache.locked(file, kill):
            assert waited


def test_replace_symlink_replaces_in_one_step(tmp_path: Path) -> None:
    link = tmp_path / "folder" / "link"
    for target in (tmp_path / "first", tmp_path / "second", tmp_path / "second"):
        cache.replace_symlink(link, target)
        assert link.readlink() == target
    assert list(link.parent.iterdir()) == [link]
