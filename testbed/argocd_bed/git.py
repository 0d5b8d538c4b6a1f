"""Repositories on the bed's git server, which take pushes and can announce each to Argo CD."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import BedError

_SOURCES = Path(__file__).resolve().parents[2]
_TIMEOUT = 60.0
# A person's settings must not change what a commit or a push does.
_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "testbed",
    "GIT_AUTHOR_EMAIL": "testbed@localhost",
    "GIT_COMMITTER_NAME": "testbed",
    "GIT_COMMITTER_EMAIL": "testbed@localhost",
}


@dataclass(frozen=True)
class Repository:
    """A repository with one branch, and a clone in which its commits are made."""

    url: str
    branch: str
    bare: Path
    clone: Path

    def commit(self, files: Mapping[str, str], message: str = "Change") -> str:
        """Write files by their paths, commit and push them; return the commit's hash."""
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self._push(message)

    def copy(self, folder: Path, path: str) -> str:
        """Commit and push a folder under another path in place of what is there; return the commit's hash."""
        shutil.rmtree(self.clone / path, ignore_errors=True)
        shutil.copytree(folder, self.clone / path)
        return self._push("Copy")

    def announce(self, server: str) -> None:
        """From now on, each push is announced to the Argo CD whose API server has this URL, as GitHub does."""
        hook = self.bare / "hooks" / "post-receive"
        words = [
            sys.executable,
            "-m",
            "testbed.argocd_bed.announce",
            f"{server}/api/webhook",
            self.url,
            self.branch,
        ]
        hook.write_text(f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(_SOURCES))} exec {shlex.join(words)}\n")
        hook.chmod(0o755)

    def _push(self, message: str) -> str:
        _git("add", "--all", folder=self.clone)
        _git("commit", "--quiet", "--message", message, folder=self.clone)
        # The backend refuses bodies in chunks, in which git sends what is larger than this.
        size = "http.postBuffer=104857600"
        _git("-c", size, "push", "--quiet", self.url, f"HEAD:{self.branch}", folder=self.clone)
        return _git("rev-parse", "HEAD", folder=self.clone).strip()


@dataclass(frozen=True)
class GitServer:
    """The server: its URL, the folder of the repositories that it serves, and that of their clones."""

    url: str
    root: Path
    clones: Path

    def repository(self, name: str, branch: str = "main") -> Repository:
        """A new, empty repository.

        Raises:
            BedError: there is one of this name.
        """
        bare, clone = self.root / f"{name}.git", self.clones / name
        if bare.exists():
            raise BedError(f"git repository {name}: exists already")
        for folder, options in ((bare, ["--bare"]), (clone, [])):
            folder.mkdir(parents=True)
            _git("init", "--quiet", "--initial-branch", branch, *options, folder=folder)
        return Repository(f"{self.url}/{name}.git", branch, bare, clone)


def _git(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **_SETTINGS},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise BedError(f"git {' '.join(arguments)} in {folder}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
