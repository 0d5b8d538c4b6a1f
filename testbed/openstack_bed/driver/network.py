"""Neutron's driver of networks without wiring."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from neutron_lib import constants
from neutron_lib.plugins.ml2 import api


class BindAnywhere(api.MechanismDriver):
    """Binds every port at once, because Nova refuses to boot a server with an unbound port."""

    def initialize(self) -> None:
        """Do nothing."""

    def bind_port(self, context: api.PortContext) -> None:
        """Binds the port to the first possible segment."""
        for segment in context.segments_to_bind[:1]:
            context.set_binding(segment[api.ID], "other", {}, status=constants.PORT_STATUS_ACTIVE)
