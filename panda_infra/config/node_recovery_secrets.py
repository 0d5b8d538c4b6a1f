"""The credential by which node recovery asks Nova."""

from typing import Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.secret_values import SecretValue

__all__ = ["NodeRecoverySecrets"]


def _credential(title: str) -> SecretValue:
    return SecretValue(
        title=title,
        needed=lambda config: config.node_recovery is not None and config.node_recovery.confirm == "nova",
    )


class NodeRecoverySecrets(Model):
    """An application credential that may read servers; it needs no other right."""

    credential_id: Annotated[
        SecretStr | None, _credential("ID of the application credential that reads servers")
    ] = None
    """ID of the application credential."""
    credential_secret: Annotated[
        SecretStr | None, _credential("secret of the application credential that reads servers")
    ] = None
    """Its secret."""
