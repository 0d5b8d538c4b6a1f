"""Node recovery: how a stack handles dead nodes."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import Form, Model, plain

__all__ = ["PYTHON_IMAGE", "NodeRecovery", "PythonImage"]

# Any Python from 3.11 on will do, because the program needs no package. The digest fixes the image's content.
PYTHON_IMAGE = (
    "docker.io/library/python:3.13-slim"
    "@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91"
)
PythonImage = Annotated[
    str,
    Form(
        r"[A-Za-z0-9][\w./:-]*[A-Za-z0-9]@sha256:[0-9a-f]{64}",
        "an image with its digest, NAME:TAG@sha256:...",
        PYTHON_IMAGE,
        longest=400,
    ),
]
_Address = Annotated[
    str,
    Form(
        r"https?://[^\s/?#@]+(/[^\s?#@]*)?", "an address of HTTP", "https://keystone.cern.ch/v3", longest=500
    ),
]


class NodeRecovery(Model):
    """Release the pods and volumes of nodes that are dead. Once per cluster: it serves every namespace."""

    confirm: Literal["nova", "none"]
    """How to make sure that the machine of a silent node is down: nova asks for the state of its server; none takes the
    risk that it still runs and writes to volumes that another pod writes to as well."""
    auth_url: _Address | None = None
    """Address of Keystone (nova)."""
    region: Annotated[str, plain("cern")] | None = None
    """Region of Nova, where Keystone lists several (nova)."""
    runs: Literal["cluster", "outside"] = "cluster"
    """cluster: as a Deployment of the stack; outside: only by the command `recover-nodes`, on a schedule elsewhere."""
    silent_for: Annotated[int, Field(ge=10, le=600)] = 40
    """Seconds without a heartbeat, all of them watched, after which a node that is not ready is dead."""
    share: Annotated[int, Field(ge=1, le=50)] = 40
    """Percentage of the workers that may be down at once, at least one of them; if more are, nothing is done."""
    apart: Annotated[int, Field(ge=0, le=3600)] = 10
    """Seconds between two nodes that are taken out of service."""
    image: PythonImage = PYTHON_IMAGE
    """Image with Python 3.11 or newer; nothing else of it is used."""
