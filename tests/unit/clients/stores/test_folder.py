"""Files in a claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.clients.stores.folder import Folder
from panda_infra.clients.stores.store import StoreError


def test_there_and_back(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", Folder(tmp_path / "claim")
    file.write_text("content")
    folder.put("d/one.dump", file)
    assert list(folder.names()) == ["d/one.dump"]
    assert b"".join(folder.parts("d/one.dump")) == b"content"
    folder.delete("d/one.dump")
    folder.delete("d/one.dump")
    assert list(folder.names()) == []
    with pytest.raises(StoreError, match=r"the claim has no d/one\.dump"):
        list(folder.parts("d/one.dump"))


def test_what_a_killed_pod_leaves_is_seen_and_goes(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "one.dump.part").write_text("con")
    folder = Folder(tmp_path)
    assert list(folder.names()) == ["d/one.dump.part"]
    folder.delete("d/one.dump")
    assert list(folder.names()) == []


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("panda_infra.clients.stores.folder.os.fsync", full)
    (tmp_path / "file").write_text("content")
    folder = Folder(tmp_path / "claim")
    with pytest.raises(StoreError, match="cannot take d/one: No space left on device"):
        folder.put("d/one", tmp_path / "file")
    assert list((tmp_path / "claim" / "d").iterdir()) == []
