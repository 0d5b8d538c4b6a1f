"""The encrypted values of a stack."""

from __future__ import annotations

from panda_infra.config.base import Model


class Secrets(Model):
    """Encrypted values."""
