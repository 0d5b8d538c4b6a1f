"""A repository's ``post-receive``: announces each pushed branch to a webhook, in the form of GitHub's event."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import requests

_NOTHING = "0" * 40
_TIMEOUT = 10


def payload(before: str, after: str, ref: str, repository: str, default_branch: str) -> dict[str, Any]:
    """The event of one pushed ref, with the paths that its commits have changed."""
    words = ("diff-tree", "-r", "--name-only", "--no-commit-id", before, after)
    changed = [] if before == _NOTHING else _git(*words).split()
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "repository": {"html_url": repository.removesuffix(".git"), "default_branch": default_branch},
        "commits": [{"id": after, "added": [], "modified": changed, "removed": []}],
    }


def main(webhook: str, repository: str, default_branch: str) -> None:
    """Announce every ref that standard input names, as git gives it to the hook."""
    for line in sys.stdin:
        before, after, ref = line.split()
        event = payload(before, after, ref, repository, default_branch)
        answer = requests.post(webhook, json=event, headers={"X-GitHub-Event": "push"}, timeout=_TIMEOUT)
        answer.raise_for_status()


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main(*sys.argv[1:])
