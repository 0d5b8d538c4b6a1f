"""The jobs that this program ships for Rucio; each is a component of one Job, which the server's image runs."""

from __future__ import annotations

from panda_infra.products.ctao.versions import SERVER_IMAGE
from panda_infra.products.model import SubComponentSpec, start

__all__ = ["CHART", "job"]

CHART = "rucio-job"
"""The chart of every job, which the program ships."""


def job(*secrets: str) -> SubComponentSpec:
    """The only sub-component of a job, which reads some Secrets when it starts."""
    return SubComponentSpec(
        name="job",
        workload="Job",
        chart_image=SERVER_IMAGE,
        image=SERVER_IMAGE,
        secrets=start(*secrets),
        switchable=False,
        scalable=False,
    )
