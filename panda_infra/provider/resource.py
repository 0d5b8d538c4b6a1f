"""The interface of this provider's resources, independent of the engine's protocol.

A resource works on two models: ``inputs``, the wanted one, and ``state``, the actual one. An unknown text in them is
`UNKNOWN`, which happens only in previews.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from panda_infra.config.base import Model
from panda_infra.errors import ResourceError
from panda_infra.provider.progress import Progress

__all__ = [
    "Change",
    "Found",
    "Operation",
    "PartialFailure",
    "RefusedError",
    "Resource",
    "changed_fields",
]

Inp = TypeVar("Inp", bound=Model)
St = TypeVar("St", bound=Model)
T = TypeVar("T")


class RefusedError(ResourceError):
    """The inputs can never be fulfilled, found before anything was changed.

    ``reasons`` maps each refused input to the reason and the fix.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("\n".join(reasons.values()))
        self.reasons = dict(reasons)


class PartialFailure(ResourceError):  # noqa: N818 - the engine's own term
    """The resource exists but is not finished: it is recorded, and the next update finishes it."""

    def __init__(self, reason: str, resource_id: str, state: Model) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state


@dataclass(frozen=True)
class Change:
    """A property that differs; ``replace`` means that the change needs a new resource."""

    replace: bool = False


@dataclass(frozen=True)
class Found(Generic[Inp, St]):
    """An existing resource: its id, its state, and the inputs that describe it."""

    id: str
    state: St
    inputs: Inp


@dataclass(frozen=True)
class Operation:
    """One call of the engine: the receiver of its messages, and its time limit.

    ``timeout`` and ``poll`` are in seconds.
    """

    progress: Progress
    timeout: float
    poll: float = 5.0
    cancelled: threading.Event = field(default_factory=threading.Event)

    def wait(self, probe: Callable[[], T | str]) -> T:
        """Call ``probe`` until it returns something else than a text.

        A text names what is still missing: it is shown, and becomes the error when the time is over.

        Raises:
            ResourceError: the time is over, or the operator cancelled.
        """
        end = time.monotonic() + self.timeout
        while isinstance(answer := probe(), str):
            self.progress.status(answer)
            if time.monotonic() >= end:
                msg = f"given up after {self.timeout:.0f} s: {answer}"
                raise ResourceError(msg)
            if self.cancelled.wait(self.poll):
                msg = f"cancelled while {answer}"
                raise ResourceError(msg)
        return answer


class Resource(ABC, Generic[Inp, St]):
    """One kind of resource; instances hold no state between calls."""

    name: ClassVar[str]
    """Name of the type, as in ``panda-magnum:index:Cluster``."""
    inputs: type[Inp]
    state: type[St]
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Secret outputs, by their names on the wire."""
    timeouts: ClassVar[Mapping[str, float]] = {}
    """Default time limits of ``create``, ``update`` and ``delete`` in seconds."""

    def check(self, old: Inp | None, new: Inp, operation: Operation) -> Inp:  # noqa: ARG002
        """Return the inputs to use: ``new`` with the values that only the provider can fill in.

        Raises:
            RefusedError: they can never be fulfilled.
        """
        return new

    def diff(self, old: St, new: Inp) -> Mapping[str, Change]:
        """The properties that have to change, by their names on the wire; another cluster needs a new resource."""
        return {name: Change(replace=name == "clusterId") for name in changed_fields(old, new)}

    @abstractmethod
    def preview(self, old: St | None, new: Inp) -> St:
        """The expected state, with `UNKNOWN` for values that only the real operation knows."""

    @abstractmethod
    def create(self, new: Inp, operation: Operation) -> tuple[str, St]:
        """Make it; returns its id and state."""

    @abstractmethod
    def read(self, resource_id: str, old: St | None, operation: Operation) -> Found[Inp, St] | None:
        """Find it by its id; ``old`` is None for an import. Returns None if it is gone."""

    @abstractmethod
    def update(self, resource_id: str, old: St, new: Inp, operation: Operation) -> St:
        """Change it in place."""

    @abstractmethod
    def delete(self, resource_id: str, old: St, operation: Operation) -> None:
        """Remove it; does nothing if it is gone already."""


def changed_fields(old: Model, new: Model, *, but: frozenset[str] = frozenset()) -> set[str]:
    """Names on the wire of the fields of ``new`` that differ from the same fields of ``old``."""
    return {
        str(info.alias)
        for name, info in type(new).model_fields.items()
        if name not in but and getattr(old, name) != getattr(new, name)
    }
