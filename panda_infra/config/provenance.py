"""The place of signed records of a stack's deployments, and the key by which they are verified."""

from typing import Annotated

from panda_infra.config.base import Form, Model
from panda_infra.config.charts import OciRepository

__all__ = ["Provenance"]

_KEY = r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----"
PublicKeys = Annotated[
    str,
    Form(
        rf"\s*({_KEY}\s*)+",
        "public keys as PEM, one below the other",
        "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n",
        longest=64 * 1024,
    ),
]


class Provenance(Model):
    """Signed records of what was deployed, when, by whom and of which commit."""

    repository: OciRepository
    """Repository of an OCI registry that keeps the records; several stacks may share one."""
    public_key: PublicKeys
    """Public key of the records' signatures, ECDSA on the curve P-256 as PEM; below it former ones, whose records
    stay valid."""
