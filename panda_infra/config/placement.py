"""On which nodes pods run, said once for all components."""

from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Model

__all__ = ["Placement"]


class Placement(Model):
    """How pods get along with their nodes; what a sub-component says itself wins."""

    evict_after: Annotated[int, Field(ge=0)] | None = None
    """Seconds until pods leave a node that is not ready or unreachable; default: Kubernetes' 300, to which databases
    keep that might write twice to their volume."""
    spread: bool = False
    """Keep PanDA's heavy services on different nodes as long as there are enough."""
