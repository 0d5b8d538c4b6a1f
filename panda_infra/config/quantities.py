"""Converts Kubernetes quantities to numbers."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["amount"]

_UNITS = {"": Decimal(1), "m": Decimal("0.001")}
_UNITS |= {unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)}
_UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}


def amount(quantity: str) -> Decimal:
    """The number that a Kubernetes quantity stands for, e.g. 16 * 1024**3 for ``16Gi``."""
    number, unit = re.fullmatch(r"([0-9.]+)(\w*)", quantity).groups()  # type: ignore[union-attr]
    return Decimal(number) * _UNITS[unit]
