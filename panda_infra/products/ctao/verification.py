"""Questions to a running Rucio, asked as its account root by the server's own pod."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panda_infra.products.verification import Command, python

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["asked_as_root"]

_SCRIPT = Path(__file__).parent / "scripts" / "rucio.py"
# rucio-bootstrap makes this Secret with the account.
_ROOT = "rucio-root"


def asked_as_root(ask: str, given: Callable[[Settings], Mapping[str, Any]] = lambda _config: {}) -> Command:
    """Log in with the password of the stack's Secret and ask for ``whoami``, ``storages`` or ``rule``."""
    login = {key: (_ROOT, key) for key in ("username", "password")}
    return python("rucio/server", "python3", _SCRIPT, lambda config: {"ask": ask, **given(config)}, login)
