"""Kubernetes' quantities: the form of their text, and the number that each stands for."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic_core import PydanticCustomError
from typing_extensions import override

from panda_infra.config.base import Form

__all__ = ["Quantity", "Size", "amount"]

_UNITS = {"": Decimal(1), "m": Decimal("0.001")}
_UNITS |= {unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)}
_UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}

_PATTERN = rf"[0-9]+(\.[0-9]+)?({'|'.join(filter(None, _UNITS))})?"


@dataclass(frozen=True)
class _Size(Form):
    """The size of a volume: Kubernetes refuses none at all."""

    @override
    def check(self, value: str) -> str:
        if not amount(super().check(value)):
            raise PydanticCustomError("form", "must be {expected}", {"expected": self.expected})
        return value


Quantity = Annotated[
    str,
    Form(
        _PATTERN,
        "a Kubernetes quantity in quotes, such as '500m', '4' or '16Gi'",
        "16Gi",
        longest=32,
    ),
]
Size = Annotated[
    str, _Size(_PATTERN, "a Kubernetes quantity above zero in quotes, such as '16Gi'", "16Gi", longest=32)
]


def amount(quantity: str) -> Decimal:
    """The number that a Kubernetes quantity stands for, e.g. 16 * 1024**3 for ``16Gi``."""
    number, unit = re.fullmatch(r"([0-9.]+)(\w*)", quantity).groups()  # type: ignore[union-attr]
    return Decimal(number) * _UNITS[unit]
