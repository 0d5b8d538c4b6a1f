#!/usr/bin/env -S .venv/bin/python -I
"""Helm's post-renderer that lets claims outlive their release.

Helm asks the manifest of a release, not the live claim, what an uninstall leaves alone, and no chart of PanDA's lets
its values say so. Reads the manifest from the standard input and writes it to the standard output, every document as it
was but for the claims. Helm runs it in the project's folder, on its own: it imports nothing of this package.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import yaml

_KEEP = {"helm.sh/resource-policy": "keep"}
_SEPARATOR = re.compile(r"^---[^\S\n]*(?:#.*)?\n", re.MULTILINE)
_CLAIM = re.compile(r"^kind: *PersistentVolumeClaim\s*$", re.MULTILINE)


def keeping(manifest: str) -> Iterator[str]:
    """The documents, their claims marked to be kept. A claim that nobody can write to, as of CVMFS, holds no data."""
    for document in _SEPARATOR.split(manifest):
        claim = yaml.safe_load(document) if _CLAIM.search(document) else None
        if claim and claim["spec"]["accessModes"] != ["ReadOnlyMany"]:
            metadata = claim["metadata"]
            metadata["annotations"] = (metadata.get("annotations") or {}) | _KEEP
            yield yaml.safe_dump(claim)
        else:
            yield document


if __name__ == "__main__":
    sys.stdout.write("---\n".join(keeping(sys.stdin.read())))
