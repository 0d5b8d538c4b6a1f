"""The nodes that pods run on, for all components."""

from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Model

__all__ = ["Placement"]


class Placement(Model):
    """The nodes that pods run on; a sub-component's own settings win."""

    evict_after: Annotated[int, Field(ge=0)] | None = None
    """Seconds until pods leave a node that is not ready or unreachable; default: Kubernetes' 300, to which databases
    keep that might write twice to their volume."""
    spread: bool = False
    """Keep PanDA's heavy services on different nodes as long as there are enough."""
