"""Find test stacks that are past their last day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from panda_infra.config.delivery import Lifecycle

__all__ = ["Expiry", "expiries"]


@dataclass(frozen=True)
class Expiry:
    """A stack with a last day; ``resources`` is their number in the engine's state, 0 if it is not deployed."""

    stack: str
    last_day: date
    is_over: bool
    resources: int

    @property
    def must_go(self) -> bool:
        """True if it is deployed although its time is over."""
        return self.is_over and self.resources > 0


def expiries(
    lifecycles: Iterable[tuple[str, Lifecycle]], resources: Mapping[str, int], today: date
) -> list[Expiry]:
    """Every stack that expires, the earliest first; protected ones never expire."""
    found = [
        Expiry(stack, day, day < today, resources.get(stack, 0))
        for stack, lifecycle in lifecycles
        if lifecycle.expires and not lifecycle.protect
        for day in [date.fromisoformat(lifecycle.expires)]
    ]
    return sorted(found, key=lambda expiry: (expiry.last_day, expiry.stack))
