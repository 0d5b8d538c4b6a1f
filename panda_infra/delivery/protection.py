"""A resource that prevents a partial destroy of a protected stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from panda_infra.plan.protection import PROTECTION

__all__ = ["Protection"]


class Protection(pulumi.ComponentResource):
    """Depends on everything else, so that a destroy begins with it, and stops here if it is protected.

    Without it the engine would first delete the unprotected resources, such as Secrets, and only then reach the
    protected ones. In test stacks it is unprotected: the engine would refuse to delete it. ``marks`` are its
    outputs.
    """

    def __init__(
        self, *, protect: bool, marks: Mapping[str, Any], everything: Sequence[pulumi.Resource]
    ) -> None:
        opts = pulumi.ResourceOptions(protect=protect, depends_on=list(everything))
        super().__init__(PROTECTION, "protection", None, opts)
        self.register_outputs(dict(marks))
