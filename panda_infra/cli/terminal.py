"""Whether there is somebody to ask."""

from __future__ import annotations

import sys

__all__ = ["interactive"]


def interactive() -> bool:
    """Whether a person sits at standard input."""
    return sys.stdin.isatty()
