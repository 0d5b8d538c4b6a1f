"""A seismograph."""

from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.model import ComponentSpec, Endpoint, HostCertificate, SubComponentSpec, start
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import Component, Replicated

if TYPE_CHECKING:
    from panda_infra.products.context import StackContext

__all__ = ["COMPONENT", "Quake", "QuakeSecrets"]

_PORT = 8080
# renovate: datasource=docker depName=quake
_VERSION = "2.0.0"


class Quake(Component):
    """A seismograph."""

    main: Replicated = Replicated()
    """Its only part."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class QuakeSecrets(Model):
    """Secrets of the quake."""

    word: Annotated[
        SecretStr | None, SecretValue(title="word of the day", make=password, secrets=("quake-envs",))
    ] = None
    """The word of the day."""


def envs(context: "StackContext") -> Env:
    """quake-envs."""
    return {
        "NAMESPACE": context.config.namespace,
        "WORD": reveal(context.secrets.of(QuakeSecrets).word),
    }


COMPONENT = ComponentSpec(
    name="quake",
    title="Quake",
    about="Quake.",
    position=900,
    version=_VERSION,
    config=Quake,
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="Deployment",
            chart_image=("registry.example.org/quake", "1"),
            secrets=start("quake-envs"),
            ports=(_PORT,),
        ),
    ),
    endpoints=(
        Endpoint(host="quake", position=900, about="Quake.", key="main.ingress", tls="quake-tls-certs"),
    ),
    secrets=QuakeSecrets,
    secrets_about="Quake.",
    builders={"quake-envs": envs, "quake-tls-certs": of_ingress("quake")},
    certificate=HostCertificate("Quake; covers `hosts.quake`."),
    checks=(
        Check("quake.answers", "The quake answers", "RUNS", Request("quake/main", _PORT, "/", secure=False)),
    ),
)
