#!/usr/bin/env -S .venv/bin/python -I
"""A post-renderer of Helm that lets claims outlive their release.

An uninstall keeps the objects that are marked in the release's manifest, not in the cluster, and no chart of PanDA's
has a value for the mark. Reads the manifest from the standard input and writes it to the standard output; only claims
are changed. Helm runs it as a program in the project's folder: it imports nothing of this package.
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
    """The documents, with claims marked to be kept. A read-only claim, such as that of CVMFS, holds no data."""
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
