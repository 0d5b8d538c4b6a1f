"""The jobs that this program ships; each is a component of one Job, which an image of the software runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from panda_infra.products.ctao.versions import SERVER_IMAGE
from panda_infra.products.model import Predicate, SecretUse, SubComponentSpec, start
from panda_infra.products.network import Call, Remote

__all__ = ["CHART", "job"]

CHART = "job"
"""The chart of every job, which the program ships."""


def job(
    *secrets: str,
    calls: tuple[Call, ...],
    remotes: Callable[[Any], Iterable[Remote]] = lambda _context: (),
    asks_kubernetes: Predicate = lambda _config: False,
    image: tuple[str, str] = SERVER_IMAGE,
    more: tuple[SecretUse, ...] = (),
) -> SubComponentSpec:
    """The only sub-component of a job, which reads some Secrets when it starts, and whom it connects to.

    It reads ``more`` in some stacks, and its ``image`` is Rucio's server unless it is another's job.
    """
    return SubComponentSpec(
        name="job",
        workload="Job",
        chart_image=image,
        image=image,
        secrets=(*start(*secrets), *more),
        switchable=False,
        scalable=False,
        # The chart names the workload after the job.
        labels={"app.kubernetes.io/instance": "{release}"},
        calls=calls,
        remotes=remotes,
        asks_kubernetes=asks_kubernetes,
    )
