"""Files that all change, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.cric.writing import write_all
from panda_infra.errors import PandaInfraError


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_files_are_made_and_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_all(folder, {"a": b"1", "b": b"2"})
    write_all(folder, {"b": b"3"})
    assert contents(folder) == {"a": b"1", "b": b"3"}
    (tmp_path / "usual").touch()
    assert (folder / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_bytes(b"old")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").symlink_to("../elsewhere/a")
    write_all(folder, {"a": b"new"})
    assert (folder / "a").is_symlink()
    assert contents(tmp_path / "elsewhere") == {"a": b"new"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_comes_in_between_leaves_all_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, after: int
) -> None:
    write_all(tmp_path, {"a": b"1", "b": b"2"})
    replace, left = Path.replace, [after]

    def replaced(self: Path, target: Path) -> Path:
        if not left[0]:
            raise error
        left[0] -= 1
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with pytest.raises((PandaInfraError, KeyboardInterrupt)):
        write_all(tmp_path, {"a": b"3", "new": b"4", "b": b"5"})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_what_cannot_be_written_whole_leaves_all_as_they_were(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": b"1"})
    (tmp_path / ".b.new").mkdir()
    with pytest.raises(PandaInfraError, match="cannot be written: Is a directory; nothing was changed"):
        write_all(tmp_path, {"a": b"2", "b": b"3"})
    assert (tmp_path / "a").read_bytes() == b"1"
