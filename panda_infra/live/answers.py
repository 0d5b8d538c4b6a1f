"""The two ways in which a running stack gives no good answer."""

from __future__ import annotations

from panda_infra.errors import PandaInfraError

__all__ = ["NotAskedError", "WrongError"]


class WrongError(PandaInfraError):
    """The stack does not answer as it should; the text is what was found."""


class NotAskedError(PandaInfraError):
    """A question cannot be asked; the text is the reason.

    ``absent`` is true if the stack has nothing to ask there, as its file wants it. Otherwise the answer is not known.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent
