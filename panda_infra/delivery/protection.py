"""What keeps a protected stack from being destroyed in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from panda_infra.plan.protection import PROTECTION

__all__ = ["Protection"]


class Protection(pulumi.ComponentResource):
    """Depends on everything else, so that a destroy begins with it; protected, it is also where a destroy ends.

    Without it the engine would first delete whatever is not itself protected, Secrets for example, and only then
    come upon what is. Test stacks have it unprotected: otherwise the engine would refuse to drop it. ``marks`` are
    its outputs.
    """

    def __init__(
        self, *, protect: bool, marks: Mapping[str, Any], everything: Sequence[pulumi.Resource]
    ) -> None:
        opts = pulumi.ResourceOptions(protect=protect, depends_on=list(everything))
        super().__init__(PROTECTION, "protection", None, opts)
        self.register_outputs(dict(marks))
