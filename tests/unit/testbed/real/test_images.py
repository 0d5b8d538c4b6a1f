import tarfile
from pathlib import Path

import pytest

from testbed.real import images


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ghcr.io/pandawms/panda-activemq:0.0.4", ("pandawms/panda-activemq", "0.0.4")),
        ("postgres:13.6", ("library/postgres", "13.6")),
        ("bitnami/mariadb", ("bitnami/mariadb", "latest")),
        ("localhost:5000/a/b:c", ("a/b", "c")),
        ("localhost:5000/a", ("a", "latest")),
        ("localhost/a:1", ("a", "1")),
    ],
)
def test_a_name_is_completed_as_containerd_does(name: str, expected: tuple[str, str]) -> None:
    assert images.split(name) == expected


def test_a_layer_of_a_checkout_follows_its_files_and_belongs_to_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    script = root / "bin" / "run"
    script.write_text("one")
    script.chmod(0o700)
    (root / "sh").symlink_to("bin/run")
    first = images.original(root)
    assert images.original(root) == first
    with tarfile.open(first.file) as archive:
        assert {entry.uid for entry in archive.getmembers()} == {0}
        assert archive.getmember("./bin/run").mode & 0o777 == 0o755
        assert archive.getmember("./sh").linkname == "bin/run"
    script.write_text("two")
    second = images.original(root)
    assert (second.file, second.digest) != (first.file, first.digest)
    assert second.size == second.file.stat().st_size


def test_packages_are_packed_once_for_a_root(tmp_path: Path) -> None:
    root = tmp_path / "cache" / "roots" / "x" / "stamp"
    (root / "etc").mkdir(parents=True)
    first = images.packages(root)
    (root / "etc" / "later").touch()
    assert images.packages(root) == first
    assert first.file.parent == tmp_path / "cache" / "layers" / "x" / "stamp"


def test_folders_are_for_everybody(tmp_path: Path) -> None:
    made = images.folders(["/var/b", "/a"])
    with tarfile.open(made.file) as archive:
        assert [(entry.name, entry.isdir(), entry.mode) for entry in archive] == [
            ("a", True, 0o777),
            ("var/b", True, 0o777),
        ]
    assert images.folders(["/a", "/var/b"]) == made
    assert made.file.is_relative_to(tmp_path)
