"""Files that Helm leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.migration.helm_ignore import helm_files


def ignored(folder: Path, rules: str, *names: str) -> set[str]:
    (folder / ".helmignore").write_text(rules)
    for name in names:
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).touch()
    return {
        str(path.relative_to(folder / "files")) for path, left_out in helm_files(folder, "files") if left_out
    }


@pytest.mark.parametrize("name", ["a.pem~", "a.bak", "b/a.pem.orig", ".a.pem.swp", "a.tmp"])
def test_backups_are_left_out_without_any_rule(tmp_path: Path, name: str) -> None:
    assert ignored(tmp_path, "", name, "a.pem") == {name}


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ("old.pem", {"old.pem", "certs/old.pem"}),
        ("*.key", {"a.key"}),
        ("certs/", {"certs/a.pem", "certs/old.pem"}),
        ("files/certs/*.pem", {"certs/a.pem", "certs/old.pem"}),
        ("/files/old.pem", {"old.pem"}),
        ("files/*.pem", {"old.pem"}),
        ("old.pem/", set()),
        ("# old.pem", set()),
        ("?.key", {"a.key"}),
    ],
)
def test_rules_mean_what_helm_means(tmp_path: Path, rule: str, left_out: set[str]) -> None:
    assert ignored(tmp_path, f"\n{rule}\n", "old.pem", "a.key", "certs/a.pem", "certs/old.pem") == left_out
