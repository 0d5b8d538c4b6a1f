"""What the command line asks of a developer's stack."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from panda_infra.developers.request import Charts, NewImage, charts_of, image_of
from panda_infra.errors import PandaInfraError

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "image"),
    [
        (
            "panda.server=ghcr.io/me/panda-server:my-feature",
            NewImage("panda", "server", "ghcr.io/me/panda-server", "my-feature"),
        ),
        ("panda.server=ghcr.io/me/panda-server", NewImage("panda", "server", "ghcr.io/me/panda-server")),
        ("idds.rest=localhost:5000/me/idds", NewImage("idds", "rest", "localhost:5000/me/idds")),
        ("idds.rest=localhost:5000/me/idds:1", NewImage("idds", "rest", "localhost:5000/me/idds", "1")),
        ("iam-db.mariadb=mariadb:11.4", NewImage("iam-db", "mariadb", "mariadb", "11.4")),
    ],
)
def test_an_image(text: str, image: NewImage) -> None:
    assert image_of(text) == image


@pytest.mark.parametrize(
    "text",
    ["", "panda", "panda.server", "panda.server=", "=a", "panda.server=a@sha256:00", "panda.server=a b"],
)
def test_what_is_no_image(text: str) -> None:
    with pytest.raises(PandaInfraError, match="write COMPONENT"):
        image_of(text)


@pytest.mark.parametrize(
    ("text", "charts"),
    [
        (f"git+https://github.com/me/x.git@{_COMMIT}", Charts("https://github.com/me/x.git", _COMMIT)),
        (
            f"git+ssh://git@github.com/me/x.git@{_COMMIT}#charts/all",
            Charts("ssh://git@github.com/me/x.git", _COMMIT, None, "charts/all"),
        ),
        (f"git+https://host:8443/x@{_COMMIT}", Charts("https://host:8443/x", _COMMIT)),
    ],
)
def test_charts_of_a_commit(text: str, charts: Charts) -> None:
    assert charts_of(text) == charts


@pytest.mark.parametrize("text", ["", "https://a/b", "git+", "git+https://", "git+x y@z", "oci://a/b"])
def test_what_are_no_charts(text: str) -> None:
    with pytest.raises(PandaInfraError, match=r"write git\+URL@BRANCH"):
        charts_of(text)


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_charts_of_a_branch_are_those_of_its_newest_commit(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet", "--initial-branch", "feature/new")
    identity = ("-c", "user.name=me", "-c", "user.email=me@localhost")
    for word in ("one", "two"):
        _git(tmp_path, *identity, "commit", "--quiet", "--allow-empty", "--message", word)
    found = charts_of(f"git+file://{tmp_path}@feature/new")
    assert found == Charts(f"file://{tmp_path}", _git(tmp_path, "rev-parse", "HEAD"), "feature/new")
    with pytest.raises(PandaInfraError, match=r"branch other of .*: the repository has no such branch"):
        charts_of(f"git+file://{tmp_path}@other")
    with pytest.raises(PandaInfraError, match="cannot be read"):
        charts_of(f"git+file://{tmp_path}/nowhere@other")
