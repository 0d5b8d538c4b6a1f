"""What a call to the Kubernetes API, or the look for a way to it, can end in."""

from __future__ import annotations

from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError, PandaInfraError

__all__ = [
    "KubeconfigError",
    "KubernetesError",
    "KubernetesNotAllowedError",
    "KubernetesNotFoundError",
    "KubernetesUnreachableError",
]


class KubeconfigError(PandaInfraError):
    """A kubeconfig is not there or not usable; ``fix`` says what to do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}.\n  {fix}")
        self.what = what
        self.fix = fix


class KubernetesError(PandaInfraError):
    """A call did not give what was asked for.

    ``fix`` says what to do, where there is something to say. ``status`` is HTTP's, 0 when nothing answered by HTTP.
    Of this class itself is an answer that is neither a refusal nor "no such thing", such as a server's failure.
    """

    def __init__(self, what: str, fix: str = "", *, status: int = 0) -> None:
        super().__init__(f"{what}.\n  {fix}" if fix else what)
        self.what = what
        self.fix = fix
        self.status = status


class KubernetesUnreachableError(KubernetesError, NoAnswerError):
    """Nobody answers at the address."""


class KubernetesNotAllowedError(KubernetesError, NotAllowedError):
    """The API refuses the credential (401) or what is asked with it (403), or there is no credential to be had."""


class KubernetesNotFoundError(KubernetesError, NotFoundError):
    """The API says that there is no such object or kind."""
