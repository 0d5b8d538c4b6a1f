"""The program of the pods, with a claim as its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from panda_infra.backup.__main__ import main
from panda_infra.backup.catalog import Record


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("claim", "work"):
        (tmp_path / name).mkdir()
    return {
        "CLAIM": str(tmp_path / "claim"),
        "WORK": str(tmp_path / "work"),
        "DATABASE": "panda",
        "ENGINE": "postgres",
        "SOURCE": "panda_db",
        "KEEP": "1",
    }


def dump(environment: dict[str, str], content: bytes = b"content") -> None:
    work = Path(environment["WORK"])
    (work / "dump").write_bytes(content)
    (work / "dump.sha256").write_text(hashlib.sha256(content).hexdigest() + "\n")


def kept(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Record:
    assert main(["keep"], environment) == 0
    return Record.of(capsys.readouterr().out.splitlines()[0])


def test_there_and_back(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    dump(environment)
    record = kept(environment, capsys)
    assert (record.size, record.source) == (7, "panda_db")
    assert main(["list"], environment) == 0
    assert Record.of(capsys.readouterr().out) == record
    (Path(environment["WORK"]) / "dump").unlink()
    assert main(["fetch", record.name], environment) == 0
    assert (Path(environment["WORK"]) / "dump").read_bytes() == b"content"


def test_older_ones_go_with_their_records(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    claim = Path(environment["CLAIM"])
    for name in ("panda/20200101T000000Z", "idds/20200101T000000Z"):
        (claim / name).parent.mkdir(exist_ok=True)
        for kind in ("dump", "json"):
            claim.joinpath(f"{name}.{kind}").write_text("x")
    dump(environment)
    assert main(["keep"], environment) == 0
    assert "deleted panda/20200101T000000Z" in capsys.readouterr().out
    assert len(list(claim.glob("panda/*"))) == 2
    assert len(list(claim.glob("idds/*"))) == 2


def test_dumps_of_an_emptied_database_push_the_last_good_one_out_no_more(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(environment["CLAIM"]) / "panda"
    place.mkdir()
    for day, size in ((1, 20), (2, 20), (3, 5)):
        name = f"panda/2020010{day}T000000Z"
        place.parent.joinpath(f"{name}.dump").write_text("x" * size)
        place.parent.joinpath(f"{name}.json").write_text(
            Record(name, "postgres", "panda_db", size, "").text()
        )
    dump(environment)
    for _ in range(2):
        assert main(["keep"], environment) == 0
        printed = capsys.readouterr().out
        assert "kept panda/20200102T000000Z: each newer dump is less than half as large" in printed
    left = {file.stem for file in place.glob("*.dump")}
    assert "20200102T000000Z" in left
    assert not left & {"20200101T000000Z", "20200103T000000Z"}


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"conten", "has 6 bytes, but 7 in its record"), (b"kontent", "another checksum than its record")],
)
def test_a_dump_that_is_not_what_it_was(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    dump(environment)
    record = kept(environment, capsys)
    (Path(environment["CLAIM"]) / f"{record.name}.dump").write_bytes(content)
    assert main(["fetch", record.name], environment) == 1
    assert said in capsys.readouterr().err


def test_a_dump_that_changed_on_its_way(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    dump(environment)
    (Path(environment["WORK"]) / "dump").write_bytes(b"other")
    assert main(["keep"], environment) == 1
    assert "the dump has changed since it was made" in capsys.readouterr().err
    assert list(Path(environment["CLAIM"]).iterdir()) == []


def test_no_such_backup_or_action(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "panda/20200101T000000Z"], environment) == 1
    assert "the claim has no panda/20200101T000000Z.json" in capsys.readouterr().err
    (Path(environment["CLAIM"]) / "panda").mkdir()
    (Path(environment["CLAIM"]) / "panda" / "20200101T000000Z.json").write_text("{")
    assert main(["fetch", "panda/20200101T000000Z"], environment) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main([], environment) == 2
