"""A computing element for tests, the fixture of the interface of that name: a machine that runs jobs by SSH."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.interfaces import Fixture, InterfaceComponent, Interfaces
from panda_infra.products.ctao.keys import flaw_of_ssh_key, new_ssh_key, public_ssh_key
from panda_infra.products.ctao.programs import CHART, EVERYBODY, VERSION, Mount, Part, tcp, values
from panda_infra.products.ctao.versions import CE_IMAGE
from panda_infra.products.model import ComponentSpec, SubComponentSpec, start
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, Command
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["CE_PORT", "COMPONENT", "Ce", "CeSecrets"]

CE_PORT = 22
_AUTHORIZED = "ce-authorized"


class Ce(InterfaceComponent):
    """A machine that runs jobs by SSH, for tests."""

    replaces: ClassVar[str] = "ce"

    server: SubComponent = SubComponent()
    """The machine."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class CeSecrets(Model):
    """The key with which DIRAC submits to the computing element for tests."""

    private_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="private key for the computing element",
            make=new_ssh_key,
            secrets=(_AUTHORIZED,),
            flaw=flaw_of_ssh_key,
        ),
    ] = None
    """Private key by OpenSSH, without a passphrase; the computing element knows its public half alone."""


def authorized(context: "Context") -> Env:
    """The Secret ce-authorized: the public half of the key, as sshd reads it."""
    return {"authorized_keys": public_ssh_key(reveal(context.secrets.of(CeSecrets).private_key)) + "\n"}


def _values(config: "Settings", names: "Names") -> Values:
    interfaces = config.maybe(Interfaces)
    software = isinstance(interfaces.cvmfs, Fixture) if interfaces else False
    part = Part(
        name="server",
        ports={"ssh": CE_PORT},
        secrets={"/etc/ssh/authorized": Mount(_AUTHORIZED, mode=EVERYBODY)},
        # sshd wants a folder that nobody else may write to, and the image's own keys of the host.
        command=("/usr/sbin/sshd", "-D", "-e"),
        arguments=(
            *("-o", "AuthorizedKeysFile=/etc/ssh/authorized/authorized_keys"),
            *("-o", "PasswordAuthentication=no", "-o", "PermitRootLogin=no", "-o", "StrictModes=no"),
        ),
        claims={"/cvmfs": names.workload("cvmfs-volume", "server")} if software else {},
        probe=tcp("ssh"),
        resources={"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "4Gi"}},
    )
    return values("ce", names, (part,))


COMPONENT = ComponentSpec(
    name="ce",
    title="Computing element",
    about="Computing element for tests, by SSH.",
    position=280,
    version=VERSION,
    usual_seconds=20,
    chart=CHART,
    ships=True,
    config=Ce,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=CE_IMAGE,
            image=CE_IMAGE,
            secrets=start(_AUTHORIZED),
            ports=(CE_PORT,),
            switchable=False,
            scalable=False,
        ),
    ),
    after=("cvmfs-volume",),
    secrets=CeSecrets,
    secrets_about="The computing element for tests.",
    builders={_AUTHORIZED: authorized},
    values=_values,
    checks=(
        Check(
            "ce.answers",
            "The computing element speaks SSH",
            "DPPS-FIXTURES",
            Command(
                "ce/server",
                ("bash", "-c", f"exec 3<>/dev/tcp/localhost/{CE_PORT}; head -n 1 <&3"),
                holds="^SSH-2.0",
            ),
        ),
    ),
)
