"""Checkouts of PanDA's own repositories, for files that are in no registry."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["NO_ACCOUNTS", "NO_TABLES", "SOURCES"]

_VARIABLE = "PANDA_INFRA_UPSTREAM_SOURCES"
SOURCES = Path(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None
NO_TABLES = f"{_VARIABLE} names no folder with a checkout `panda-database` of PanDA's tables"
NO_ACCOUNTS = f"{_VARIABLE} names no folder with a checkout `iam` of IAM's sources"
