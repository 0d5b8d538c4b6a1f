"""A registry for tests, the fixture of the interface `registry`: charts and images that tests push."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.programs import CHART, VERSION, Data, Mount, Part, tcp, values_of
from panda_infra.products.ctao.trust import hashed_password
from panda_infra.products.ctao.versions import REGISTRY_IMAGE
from panda_infra.products.model import Claim, ComponentSpec, HostCertificate, SubComponentSpec, start
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["COMPONENT", "Distribution", "DistributionSecrets"]

_PORT = 5000
_USER = "registry"
_LOGIN, _TLS = "distribution-login", "distribution-tls-certs"


class Distribution(InterfaceComponent):
    """An OCI registry, for tests."""

    replaces: ClassVar[str] = "registry"

    server: SubComponent = SubComponent()
    """The registry."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class DistributionSecrets(Model):
    """Secrets of the registry for tests."""

    user_password: Annotated[
        SecretStr | None,
        SecretValue(title="password of the registry's user", make=password, secrets=(_LOGIN,)),
    ] = None
    """Password of the user `registry`."""


def login(context: "Context") -> Env:
    """The Secret distribution-login: the only user and the hash of its password."""
    given = reveal(context.secrets.of(DistributionSecrets).user_password)
    return {"htpasswd": f"{_USER}:{hashed_password(given)}\n"}


_SERVER = Part(
    name="server",
    ports={"https": _PORT},
    variables={
        "REGISTRY_AUTH": "htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM": "registry",
        "REGISTRY_AUTH_HTPASSWD_PATH": "/secrets/login/htpasswd",
        "REGISTRY_HTTP_ADDR": f":{_PORT}",
        "REGISTRY_HTTP_TLS_CERTIFICATE": "/secrets/tls/tls.crt",
        "REGISTRY_HTTP_TLS_KEY": "/secrets/tls/tls.key",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/data",
    },
    secrets={"/secrets/login": Mount(_LOGIN), "/secrets/tls": Mount(_TLS)},
    data=Data("/data", "5Gi"),
    probe=tcp("https"),
)


COMPONENT = ComponentSpec(
    name="distribution",
    title="Registry",
    about="Registry of charts and images for tests.",
    position=206,
    version=VERSION,
    usual_seconds=15,
    chart=CHART,
    ships=True,
    config=Distribution,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=REGISTRY_IMAGE,
            image=REGISTRY_IMAGE,
            secrets=start(_LOGIN, _TLS),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
            ports=(_PORT,),
            switchable=False,
            scalable=False,
            locks=True,
        ),
    ),
    secrets=DistributionSecrets,
    secrets_about="The registry for tests.",
    builders={_LOGIN: login, _TLS: of_ingress("distribution")},
    certificate=HostCertificate(
        "The registry for tests; covers its Service.",
        always=lambda config: bool(config.components.get(Distribution)),
    ),
    values=values_of("distribution", _SERVER),
    checks=(
        Check(
            "distribution.answers",
            "The registry answers, and wants a password",
            "DPPS-FIXTURES",
            Request("distribution/server", _PORT, "/v2/", status=(401,)),
        ),
    ),
)
