"""The folder for files that can be fetched again."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Return ``$PANDA_INFRA_CACHE``, else ``panda-infra`` in the user's XDG cache folder."""
    chosen = os.environ.get("PANDA_INFRA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "panda-infra"
