"""Errors of kubeconfigs and of calls to the Kubernetes API."""

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
    """A kubeconfig is missing or not usable; ``fix`` states what to do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}.\n  {fix}")
        self.what = what
        self.fix = fix


class KubernetesError(PandaInfraError):
    """A call failed.

    ``fix`` states what to do, if known. ``status`` is the HTTP status, 0 without an HTTP answer. Failures other than
    those of the sub-classes, such as an error of the server, are of this class itself.
    """

    def __init__(self, what: str, fix: str = "", *, status: int = 0) -> None:
        super().__init__(f"{what}.\n  {fix}" if fix else what)
        self.what = what
        self.fix = fix
        self.status = status


class KubernetesUnreachableError(KubernetesError, NoAnswerError):
    """Nothing answers at the address."""


class KubernetesNotAllowedError(KubernetesError, NotAllowedError):
    """The API refuses the credential (401) or the request (403), or the credential cannot be read."""


class KubernetesNotFoundError(KubernetesError, NotFoundError):
    """The API answers that the object or kind does not exist."""
