"""An issuer of tokens for tests, the fixture of the interface `iam`: Dex, with one user and no VOMS attributes."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, as_json, reveal
from panda_infra.products.ctao.context import ISSUER_PORT
from panda_infra.products.ctao.diracx_parts import Diracx, address
from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.programs import CHART, GROUP, VERSION, Mount, Part, tcp, values
from panda_infra.products.ctao.trust import hashed_password
from panda_infra.products.ctao.versions import DEX_IMAGE
from panda_infra.products.model import ComponentSpec, HostCertificate, SubComponentSpec, start
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "Dex", "DexSecrets"]

_CONFIGURATION, _TLS = "dex", "dex-tls-certs"
_FILE = "/secrets/dex/dex.yaml"
_USER = "tester"


class Dex(InterfaceComponent):
    """An issuer of tokens, for tests."""

    replaces: ClassVar[str] = "iam"

    server: SubComponent = SubComponent()
    """The issuer, Dex."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class DexSecrets(Model):
    """Secrets of the issuer for tests."""

    user_password: Annotated[
        SecretStr | None,
        SecretValue(title="password of the issuer's user tester", make=password, secrets=(_CONFIGURATION,)),
    ] = None
    """Password of the only user, `tester`."""


def configuration(context: "Context") -> Env:
    """The Secret dex: the whole configuration, with the hash of the user's password; public clients have no secret."""
    diracx = context.config.components.get(Diracx)
    own = address(context.config)
    clients = sorted({given.client for given in diracx.settings.organisations.values()} if diracx else ())
    return {
        "dex.yaml": as_json(
            {
                "issuer": context.issuer_url,
                "storage": {"type": "memory"},
                "web": {
                    "https": f"0.0.0.0:{ISSUER_PORT}",
                    "tlsCert": "/secrets/tls/tls.crt",
                    "tlsKey": "/secrets/tls/tls.key",
                },
                "oauth2": {"skipApprovalScreen": True, "responseTypes": ["code"]},
                "enablePasswordDB": True,
                "staticClients": [
                    {
                        "id": client,
                        "name": client,
                        "public": True,
                        "redirectURIs": [
                            f"{own}/api/auth/device/complete",
                            f"{own}/api/auth/authorize/complete",
                        ],
                    }
                    for client in clients
                ],
                "staticPasswords": [
                    {
                        "email": f"{_USER}@localhost",
                        "username": _USER,
                        "userID": _USER,
                        "hash": hashed_password(reveal(context.secrets.of(DexSecrets).user_password)),
                    }
                ],
            }
        )
    }


def _values(config: "Settings", names: "Names") -> Values:
    server = Part(
        name="server",
        ports={"https": ISSUER_PORT},
        command=("dex", "serve", _FILE),
        secrets={"/secrets/dex": Mount(_CONFIGURATION), "/secrets/tls": Mount(_TLS)},
        probe=tcp("https"),
        group=None if config.is_rootless else GROUP,
    )
    return values("dex", names, (server,))


COMPONENT = ComponentSpec(
    name="dex",
    title="Issuer of tokens",
    about="Issuer of tokens for tests.",
    position=218,
    version=VERSION,
    usual_seconds=15,
    chart=CHART,
    ships=True,
    config=Dex,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=DEX_IMAGE,
            image=DEX_IMAGE,
            secrets=start(_CONFIGURATION, _TLS),
            ports=(ISSUER_PORT,),
            switchable=False,
            scalable=False,
        ),
    ),
    secrets=DexSecrets,
    secrets_about="The issuer for tests.",
    builders={_CONFIGURATION: configuration, _TLS: of_ingress("dex")},
    certificate=HostCertificate(
        "The issuer for tests; covers its Service.",
        always=lambda config: bool(config.components.get(Dex)),
    ),
    values=_values,
    checks=(
        Check(
            "dex.answers",
            "The issuer shows where its keys are",
            "DPPS-TOKENS",
            Request("dex/server", ISSUER_PORT, "/.well-known/openid-configuration", holds="jwks_uri"),
        ),
    ),
)
