"""The failure of a request to the Kubernetes API."""

from __future__ import annotations

from http import HTTPStatus

__all__ = ["CallError"]


class CallError(Exception):
    """The API refuses a request, or does not answer; ``status`` is that of HTTP, None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_conflict(self) -> bool:
        """True if somebody else has written the object in the meantime."""
        return self.status == HTTPStatus.CONFLICT
