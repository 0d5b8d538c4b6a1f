"""DIRAC: the server of its configuration, its services, agents and executors, with one certificate for all."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, SecretStr

from panda_infra.config.base import Model, with_fields
from panda_infra.config.messages import set_secret
from panda_infra.errors import Problem
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.components.ce import CE_PORT, CeSecrets
from panda_infra.products.ctao.components.diracx import DiracxSecrets
from panda_infra.products.ctao.dirac_config import (
    AUTHORITIES_FOLDER,
    MASTER,
    MASTER_PORT,
    PROGRAMS,
    Program,
    flaw_of_sections,
    local,
    rendered,
    served,
    trusted_host,
)
from panda_infra.products.ctao.diracx_parts import API_PORT, Diracx, address
from panda_infra.products.ctao.interfaces import Fixture, InterfaceComponent, Interfaces, InterfacesSecrets
from panda_infra.products.ctao.programs import (
    CHART,
    EVERYBODY,
    VERSION,
    Data,
    Mount,
    Part,
    patient,
    tcp,
    values,
)
from panda_infra.products.ctao.trust import AUTHORITIES, BUNDLE, subject_of
from panda_infra.products.ctao.versions import DIRAC_IMAGE
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    HostCertificate,
    SecretUse,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Call, Remote
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import Contained, SecretValue, never
from panda_infra.products.settings import ComponentSettings, Word
from panda_infra.products.tls import LONGEST_COMMON_NAME, of_ingress
from panda_infra.products.verification import Check, Command
from panda_infra.products.workloads import Replicated, SubComponent
from panda_infra.tree import Values, leaves, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.rules.subject import Subject

__all__ = ["COMPONENT", "Dirac", "DiracSecrets", "can_be_written", "is_without_secrets"]

_SCRIPTS = Path(__file__).parents[1] / "scripts"
_START = (_SCRIPTS / "dirac.sh").read_text(encoding="utf-8")
_COMPLETE = (_SCRIPTS / "dirac.py").read_text(encoding="utf-8")
_CERTS, _SECRETS, _KEY = "dirac-tls-certs", "dirac", "dirac-ce"
_SUBMITS = "site-director"
_SITE = "CTAO.CI.de"
_IN_DIRACX = {"SandboxStore": {"UseDiracXBackend": "True"}}
# The image's user.
_USER = 1000
# Words of options that hold a secret, as DIRAC names them.
_SECRET_WORDS = (
    *("password", "passwd", "passphrase", "pwd", "secret"),
    *("accesskey", "apikey", "privatekey", "secretkey"),
)


class DiracSecrets(Model):
    """Secrets of DIRAC beside those that follow from the stack."""

    configuration: Annotated[
        SecretStr | None,
        SecretValue(
            title="sections of DIRAC's configuration that hold secrets",
            stand_in=lambda: "Resources\n{\n}\n",
            secrets=(_SECRETS,),
            needed=never,
            is_file=True,
            flaw=flaw_of_sections,
        ),
    ] = None
    """Sections of its configuration that hold secrets, such as those of clients below `Resources/IdProviders`, in the
    form of DIRAC's files."""


class DiracSettings(ComponentSettings):
    """Settings of DIRAC beside those that follow from the stack."""

    organisation: Word = "ctao"
    """Its virtual organisation."""
    configuration: dict[str, Any] = {}
    """Sections of its configuration, such as `Registry`, `Resources` and `Operations`; no secrets."""


@with_fields(
    {
        name.replace("-", "_"): (
            Replicated if program.port else SubComponent,
            Field(default=(Replicated if program.port else SubComponent)(), description=program.about),
        )
        for name, program in PROGRAMS.items()
    }
)
class Dirac(InterfaceComponent):
    """DIRAC's services, agents and executors, each on or off."""

    needs: ClassVar[tuple[str, ...]] = ("dirac_database",)

    master_cs: SubComponent = SubComponent()
    """Serves the configuration."""
    settings: DiracSettings = DiracSettings()
    """Its configuration."""


def _running(config: "Settings") -> dict[str, Program]:
    dirac = config.components.of(Dirac)
    return {
        name: program for name, program in PROGRAMS.items() if getattr(dirac, name.replace("-", "_")).enabled
    }


def secrets(context: "Context") -> Env:
    """The Secret dirac: the only file with secrets, which each program reads beside its public configuration (C29).

    The subject of their certificate is there too, because a plan has no certificates.
    """
    database, (host, port) = context.interfaces.dirac_database, context.dirac_database
    own = context.secrets.of(InterfacesSecrets)
    made: Values = {
        "Systems": {
            "Databases": {
                "User": database.user if database else "",
                "Password": reveal(own.dirac_database_password),
                "Host": host,
                "Port": port,
            }
        }
    }
    if context.interfaces.opensearch:
        host, port, user = context.opensearch
        made["Systems"]["NoSQLDatabases"] = {
            "User": user,
            "Password": reveal(own.open_search_password),
            "Host": host,
            "Port": port,
            "SSL": "True",
            "ca_certs": BUNDLE,
        }
    if context.config.components.get(Diracx):
        made["DiracX"] = {"LegacyExchangeApiKey": reveal(context.secrets.of(DiracxSecrets).legacy_key)}
    if subject := _subject(context):
        made |= trusted_host(context.names.workload("dirac", MASTER), subject)
    given = reveal(context.secrets.of(DiracSecrets).configuration)
    return {"secrets.cfg": rendered(made), **({"sections.cfg": given} if given else {})}


def _subject(context: "Context") -> str:
    """The subject of the certificate that all programs show; empty if the stack does not know it."""
    config = context.config
    dirac = config.components.of(Dirac)
    if config.certificates.kind == "cert-manager" and _CERTS not in dirac.settings.existing_secrets:
        return f"/CN={_common_name(config)}"
    return subject_of(reveal(context.secrets.certificates.of("dirac").certificate))


def _common_name(config: "Settings") -> str:
    """The name in a certificate by cert-manager; it has the namespace, because a cluster may have a second DIRAC."""
    return f"{config.names.workload('dirac', MASTER)}.{config.namespace}.svc"[:LONGEST_COMMON_NAME]


def key(context: "Context") -> Env:
    """The Secret dirac-ce: the private key for the computing element of tests."""
    return {"sshkey": reveal(context.secrets.of(CeSecrets).private_key)}


def _declared(config: "Settings") -> Values:
    """The configuration that follows from other components, overridden by that of the stack file."""
    made: Values = {}
    if config.components.get(Diracx):
        made["DiracX"] = {"URL": address(config)}
        # A sandbox in a pod's own storage is lost with the pod.
        made = merged(made, {"Systems": {"WorkloadManagement": {"Services": _IN_DIRACX}}})
    if _has_ce(config):
        made["Resources"] = {"Sites": {"CTAO": {_SITE: _site(config.names.workload("ce", "server"))}}}
    settings = config.components.of(Dirac).settings
    return merged(made, settings.configuration)


def _site(host: str) -> Values:
    """The site of tests, with the fixture as its computing element."""
    element = {
        "CEType": "SSH",
        "SubmissionMode": "Direct",
        "SSHHost": host,
        "SSHUser": "dirac",
        "SSHKey": "/secrets/ce/sshkey",
        "SSHOptions": "-o StrictHostKeyChecking=accept-new",
        "Queues": {"normal": {"maxCPUTime": 172800, "MaxTotalJobs": 100, "MaxWaitingJobs": 10}},
    }
    return {"Name": _SITE, "CE": host, "CEs": {host: element}}


def _values(config: "Settings", names: "Names") -> Values:
    settings = config.components.of(Dirac).settings
    master = names.workload("dirac", MASTER)
    running = _running(config)
    hosts = {name: names.workload("dirac", name) for name in running}
    submits = _has_ce(config)

    def part(name: str, command: str, module: str, port: int) -> Part:
        is_master = name == MASTER
        files = {
            "/etc/dirac/dirac.sh": _START,
            "/etc/dirac/local.cfg": rendered(
                local(names.workload("dirac", name), master, settings.organisation, is_master=is_master)
            ),
        }
        if is_master:
            files["/etc/dirac/dirac.py"] = _COMPLETE
            files["/etc/dirac/served.cfg"] = rendered(served(hosts, _declared(config)))
        mounts = {
            "/secrets/host": Mount(_CERTS),
            "/secrets/dirac": Mount(_SECRETS),
            AUTHORITIES_FOLDER: Mount(AUTHORITIES, mode=EVERYBODY),
        }
        if name == _SUBMITS and submits:
            mounts["/secrets/ce"] = Mount(_KEY)
        return Part(
            name=name,
            ports={"dips": port} if port else {},
            command=("bash", "/etc/dirac/dirac.sh", command, module),
            variables=dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), BUNDLE),
            files=files,
            secrets=mounts,
            scratch=("/work",),
            data=Data("/persistent", "1Gi") if is_master else None,
            probe=tcp("dips") if port else {},
            alive=patient(tcp("dips")) if port else {},
            resources={"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
            user=None if config.is_rootless else _USER,
        )

    parts = [part(MASTER, "dirac-service", "Configuration/Server", MASTER_PORT)]
    parts += [part(name, each.command, each.module, each.port) for name, each in running.items()]
    return values("dirac", names, parts)


def _has_ce(config: "Settings") -> bool:
    interfaces = config.maybe(Interfaces)
    return interfaces is not None and isinstance(interfaces.ce, Fixture)


def _submits(use: SecretUse, config: "Settings") -> SecretUse | None:
    return use if _has_ce(config) else None


def _remotes(context: "Context") -> Iterator[Remote]:
    for group in (remotes.dirac_database, remotes.opensearch, remotes.storage, remotes.issuer, remotes.ce):
        yield from group(context)


_PORTS = {MASTER: MASTER_PORT, **{name: program.port for name, program in PROGRAMS.items() if program.port}}


def _sub_component(name: str) -> SubComponentSpec:
    port = _PORTS.get(name, 0)
    more = (SecretUse(_KEY, "start", in_stack=_submits),) if name == _SUBMITS else ()
    return SubComponentSpec(
        name=name,
        workload="Deployment",
        chart_image=DIRAC_IMAGE,
        image=DIRAC_IMAGE,
        secrets=(*start(_CERTS, _SECRETS, AUTHORITIES), *more),
        claims=(Claim("data", "1Gi", adopt_key="existingClaim"),) if name == MASTER else (),
        ports=(port,) if port else (),
        switchable=name != MASTER,
        scalable=bool(port) and name != MASTER,
        locks=name == MASTER,
        calls=(
            remotes.DIRAC_DATABASE,
            remotes.OPENSEARCH,
            remotes.RUCIO,
            remotes.ISSUER,
            *remotes.STORAGES,
            Call("diracx", "server", API_PORT),
            Call("ce", "server", CE_PORT),
            *(Call("dirac", other, number) for other, number in _PORTS.items() if other != name),
        ),
        remotes=_remotes,
    )


@rule("components")
def can_be_written(subject: "Subject") -> Iterator[Problem]:
    """Texts of the configuration must fit into DIRAC's files, which have one option a line and cannot escape braces."""
    dirac = subject.config.components.get(Dirac)
    for path, value in leaves(dirac.settings.configuration) if dirac else ():
        texts = [str(each) for each in (*path, *(value if isinstance(value, list) else (value,)))]
        if value is None or any(character in text for text in texts for character in "{}\n\r#"):
            where = ".".join(map(str, ("components.dirac.settings.configuration", *path)))
            what = "is empty, or holds a brace, a # or a line break, which DIRAC's files cannot hold"
            yield Problem(where, what, "Write a text of one line, a number, or a list of these.")


@rule("components")
def is_without_secrets(subject: "Subject") -> Iterator[Problem]:
    """The configuration becomes part of Helm's release (C47)."""
    dirac = subject.config.components.get(Dirac)
    for path, value in leaves(dirac.settings.configuration) if dirac else ():
        option = str(path[-1]).lower().replace("_", "")
        if any(option.endswith(word) for word in _SECRET_WORDS) and value:
            where = ".".join(map(str, ("components.dirac.settings.configuration", *path)))
            what = "is a secret, which would be in Helm's release (C47)"
            command = set_secret(subject.stack, "dirac.configuration")
            yield Problem(
                where, what, f"Move its section, as DIRAC's files spell it, to a file for `{command} --file`."
            )


COMPONENT = ComponentSpec(
    name="dirac",
    title="DIRAC",
    about="DIRAC's services, agents and executors, one Deployment each.",
    position=260,
    version=VERSION,
    usual_seconds=60,
    chart=CHART,
    ships=True,
    config=Dirac,
    sub_components=tuple(map(_sub_component, (MASTER, *PROGRAMS))),
    needs=("dirac-bootstrap",),
    after=("dirac-db", "opensearch", "dex", "rucio", "xrootd"),
    secrets=DiracSecrets,
    secrets_about="DIRAC.",
    contains={
        ("interfaces", "diracDatabasePassword"): Contained(secrets=(_SECRETS,)),
        ("interfaces", "openSearchPassword"): Contained(secrets=(_SECRETS,)),
        ("diracx", "legacyKey"): Contained(secrets=(_SECRETS,)),
        ("ce", "privateKey"): Contained(secrets=(_KEY,)),
    },
    builders={_CERTS: of_ingress("dirac"), _SECRETS: secrets, _KEY: key},
    certificate=HostCertificate(
        "DIRAC's services, all of them; covers their Services.",
        always=lambda config: bool(config.components.get(Dirac)),
        common_name=_common_name,
    ),
    values=_values,
    rules=(can_be_written, is_without_secrets),
    checks=(
        Check(
            "dirac.configuration",
            "The server of DIRAC's configuration takes connections",
            "DPPS-NEW",
            Command(
                f"dirac/{MASTER}",
                ("bash", "-c", f"exec 3<>/dev/tcp/localhost/{MASTER_PORT} && echo connected"),
                holds="connected",
            ),
        ),
    ),
)
