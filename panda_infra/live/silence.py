"""Check that a cluster which seems to be lost gives no sign of life."""

from __future__ import annotations

import time

from panda_infra.clients.kubernetes.client import KubernetesApi

__all__ = ["answers"]

_POLL = 2.0


def answers(api: KubernetesApi, *, within: float) -> bool:
    """True if anything answers within so many seconds. Any answer, even a refusal, comes from a cluster that exists.

    Raises:
        KubernetesError: a failure on the way, such as a proxy's, hides the answer.
    """
    end = time.monotonic() + within
    while not api.answers():
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL)
    return True
