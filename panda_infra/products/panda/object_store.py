"""The object store that BigMon reads logs from."""

from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.imports import Imports
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import Host, Port, Word

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["IMPORTS", "ObjectStoreSecrets", "ObjectStoreSettings"]


class ObjectStoreSettings(Model):
    """The object store of BigMon's logs."""

    host: Host
    """Host of the store."""
    port: Port = 443
    """Port of the store."""
    bucket: Word
    """Bucket with the logs."""


def _has_store(config: "Settings") -> bool:
    return config.maybe(ObjectStoreSettings) is not None


class ObjectStoreSecrets(Model):
    """Keys of the object store."""

    access_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="access key of the object store",
            needed=_has_store,
        ),
    ] = None
    """Access key."""
    secret_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="its secret key",
            needed=_has_store,
        ),
    ] = None
    """Secret key."""


IMPORTS = Imports(
    texts={"host_name": "host", "host": "host", "bucket_name": "bucket", "bucket": "bucket"},
    numbers={"port": "port"},
    secrets={
        "accesskey": "accessKey",
        "access_key": "accessKey",
        "secretkey": "secretKey",
        "secret_key": "secretKey",
    },
    useless_without={"": ("host", "bucket")},
)
