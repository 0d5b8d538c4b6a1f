"""Which secrets the program can make by itself."""

from __future__ import annotations

from panda_infra.config.stack import StackConfig
from panda_infra.secrets.field import Field

__all__ = ["can_be_made"]

_EMBEDDED = {"panda": "postgres", "idds": "postgres", "harvester": "mariadb"}


def can_be_made(field: Field, config: StackConfig) -> bool:
    """Whether a new value is as good as any: not for what others know too, such as an external database."""
    return field.origin != "person" and not (
        field.path[-1] == "databasePassword" and _external(field, config)
    )


def _external(field: Field, config: StackConfig) -> bool:
    component = str(field.path[0])
    deployed = config.components.deployed().get(component)
    if deployed is None:
        return False
    embedded = getattr(deployed, _EMBEDDED[component]).enabled if component in _EMBEDDED else True
    return not embedded or deployed.settings.database.host is not None  # type: ignore[attr-defined]
