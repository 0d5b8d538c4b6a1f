"""An inventory of data products, which keeps its files in the object store."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.interfaces import InterfaceComponent, InterfacesSecrets
from panda_infra.products.ctao.programs import CHART, VERSION, Data, Key, Part, tcp, values
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Endpoint,
    HostCertificate,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Call, Remote
from panda_infra.products.secret_values import Contained, SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import Replicated
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "Inventory", "InventorySecrets"]

_PORT = 8080
_INVENTORY_IMAGE = ("harbor.cta-observatory.org/dpps/inventory", "2.0")
_KEYS = ("STORE_URL", "STORE_ACCESS_KEY", "STORE_SECRET_KEY", "COOKIE_KEY")


class Inventory(InterfaceComponent):
    """An inventory."""

    needs: ClassVar[tuple[str, ...]] = ("objectstore",)

    server: Replicated = Replicated()
    """The server."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class InventorySecrets(Model):
    """Secrets of the inventory."""

    cookie_key: Annotated[
        SecretStr | None,
        SecretValue(title="key of the inventory's cookies", make=password, secrets=("inventory",)),
    ] = None
    """Key of its cookies."""


def settings(context: "Context") -> Env:
    """inventory: the object store and its keys."""
    given = context.secrets.of(InterfacesSecrets)
    return {
        "STORE_URL": context.objectstore_url,
        "STORE_ACCESS_KEY": reveal(given.object_store_access_key),
        "STORE_SECRET_KEY": reveal(given.object_store_secret_key),
        "COOKIE_KEY": reveal(context.secrets.of(InventorySecrets).cookie_key),
    }


_SERVER = Part(
    name="server",
    ports={"http": _PORT},
    variables={key: Key("inventory", key) for key in _KEYS},
    data=Data("/var/cache/inventory", "2Gi"),
    probe=tcp("http"),
)


def _values(_config: "Settings", names: "Names") -> Values:
    return values("inventory", names, (_SERVER,))


def _remotes(context: "Context") -> Iterator[Remote]:
    yield from remotes.objectstore(context)
    yield from remotes.issuer(context)


COMPONENT = ComponentSpec(
    name="inventory",
    title="Inventory",
    about="Inventory of data products.",
    position=275,
    version=VERSION,
    usual_seconds=15,
    chart=CHART,
    ships=True,
    config=Inventory,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=_INVENTORY_IMAGE,
            image=_INVENTORY_IMAGE,
            secrets=start("inventory"),
            claims=(Claim("cache", "2Gi", adopt_key="existingClaim"),),
            ports=(_PORT,),
            calls=(remotes.OBJECTSTORE, remotes.ISSUER),
            remotes=_remotes,
        ),
    ),
    after=("objectstore", "dex"),
    endpoints=(
        Endpoint(
            host="inventory",
            position=280,
            about="Inventory.",
            key="ingress",
            tls="inventory-tls-certs",
            class_annotation=False,
            pods=(Call("inventory", "server", _PORT),),
        ),
    ),
    secrets=InventorySecrets,
    secrets_about="Inventory.",
    contains={
        ("interfaces", "objectStoreAccessKey"): Contained(secrets=("inventory",)),
        ("interfaces", "objectStoreSecretKey"): Contained(secrets=("inventory",)),
    },
    builders={"inventory": settings, "inventory-tls-certs": of_ingress("inventory")},
    certificate=HostCertificate("Inventory; covers `hosts.inventory`."),
    values=_values,
    checks=(
        Check(
            "inventory.answers",
            "The inventory answers",
            "DPPS-NEW",
            Request("inventory/server", _PORT, "/", secure=False),
        ),
    ),
)
