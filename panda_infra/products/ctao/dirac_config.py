"""DIRAC's configuration: its form, what follows from the stack, and the services and agents that a stack runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from panda_infra.products.ctao.tables import DIRAC
from panda_infra.tree import Values, merged

__all__ = [
    "AUTHORITIES_FOLDER",
    "MASTER",
    "MASTER_PORT",
    "PROGRAMS",
    "Program",
    "flaw_of_sections",
    "local",
    "rendered",
    "served",
    "trusted_host",
]

MASTER = "master-cs"
"""The part that serves the configuration to all others."""
MASTER_PORT = 9135
AUTHORITIES_FOLDER = "/etc/grid-security/certificates"
"""The folder in which grid software looks for authorities."""
_HOST_PROPERTIES = (
    "TrustedHost, CSAdministrator, JobAdministrator, FullDelegation, ProxyManagement, Operator, SiteManager, "
    "ProductionManagement, ServiceAdministrator"
)


class Program(NamedTuple):
    """A service with its port, or an agent or executor without one, by DIRAC's own name for it.

    Its ``options`` go before those of DIRAC's release.
    """

    kind: str
    module: str
    about: str
    port: int = 0
    options: Mapping[str, str] = MappingProxyType({})

    @property
    def command(self) -> str:
        """The command that starts it."""
        return f"dirac-{self.kind}"

    @property
    def section(self) -> tuple[str, str, str, str]:
        """The section of its options."""
        system, _, module = self.module.partition("/")
        return "Systems", system, f"{self.kind.title()}s", module


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "data-store": Program("service", "Accounting/DataStore", "Books what was used.", 9133),
        "report-generator": Program("service", "Accounting/ReportGenerator", "Draws what was used.", 9134),
        "proxy-manager": Program("service", "Framework/ProxyManager", "Keeps proxies of users.", 9152),
        "bundle-delivery": Program("service", "Framework/BundleDelivery", "Hands out authorities.", 9158),
        "system-admin": Program("service", "Framework/SystemAdministrator", "Shows its machine.", 9162),
        "component-monitoring": Program(
            "service", "Framework/ComponentMonitoring", "Knows what is installed.", 9190
        ),
        "token-manager": Program("service", "Framework/TokenManager", "Keeps tokens of users.", 9181),
        "job-monitoring": Program("service", "WorkloadManagement/JobMonitoring", "Shows jobs.", 9130),
        "job-manager": Program("service", "WorkloadManagement/JobManager", "Takes jobs.", 9132),
        "job-state-update": Program(
            "service", "WorkloadManagement/JobStateUpdate", "Books states of jobs.", 9136
        ),
        "wms-admin": Program("service", "WorkloadManagement/WMSAdministrator", "Serves operators.", 9145),
        "matcher": Program("service", "WorkloadManagement/Matcher", "Matches jobs and pilots.", 9170),
        "pilot-manager": Program("service", "WorkloadManagement/PilotManager", "Knows pilots.", 9171),
        "optimization-mind": Program(
            "service", "WorkloadManagement/OptimizationMind", "Hands jobs to optimizers.", 9175
        ),
        "sandbox-store": Program("service", "WorkloadManagement/SandboxStore", "Keeps sandboxes.", 9196),
        # DIRAC's own default checks no rights.
        "file-catalog": Program(
            "service",
            "DataManagement/FileCatalog",
            "DIRAC's own catalog.",
            9197,
            {"SecurityManager": "DirectorySecurityManager"},
        ),
        "storage-element": Program(
            "service",
            "DataManagement/StorageElement",
            "A storage for tests.",
            9148,
            {"BasePath": "/work/storage"},
        ),
        "req-proxy": Program(
            "service", "RequestManagement/ReqProxy", "Takes requests in the manager's place.", 9161
        ),
        "req-manager": Program("service", "RequestManagement/ReqManager", "Takes requests.", 9140),
        "resource-status": Program("service", "ResourceStatus/ResourceStatus", "Knows what is usable.", 9160),
        "resource-management": Program(
            "service", "ResourceStatus/ResourceManagement", "Keeps what is known of resources.", 9172
        ),
        "publisher": Program("service", "ResourceStatus/Publisher", "Shows what is usable.", 9165),
        "transformation-manager": Program(
            "service", "Transformation/TransformationManager", "Keeps transformations.", 9131
        ),
        "production-manager": Program("service", "Production/ProductionManager", "Keeps productions.", 9180),
        "site-director": Program("agent", "WorkloadManagement/SiteDirector", "Submits pilots."),
        "states-accounting": Program("agent", "WorkloadManagement/StatesAccountingAgent", "Counts states."),
        "pilot-status": Program("agent", "WorkloadManagement/PilotStatusAgent", "Asks about pilots."),
        "req-executing": Program("agent", "RequestManagement/RequestExecutingAgent", "Carries out requests."),
        "clean-req-db": Program("agent", "RequestManagement/CleanReqDBAgent", "Removes old requests."),
        "transformation": Program("agent", "Transformation/TransformationAgent", "Makes tasks."),
        "workflow-task": Program("agent", "Transformation/WorkflowTaskAgent", "Submits tasks."),
        "transformation-cleaning": Program(
            "agent", "Transformation/TransformationCleaningAgent", "Removes what transformations left."
        ),
        "validate-output-data": Program(
            "agent", "Transformation/ValidateOutputDataAgent", "Looks whether output is there."
        ),
        "input-data": Program("agent", "Transformation/InputDataAgent", "Finds input of transformations."),
        "mc-extension": Program("agent", "Transformation/MCExtensionAgent", "Extends simulations."),
        "optimizers": Program("executor", "WorkloadManagement/Optimizers", "Prepares jobs."),
    }
)
"""The programs of DIRAC that DPPS runs, by the names of its parts."""


def rendered(tree: Mapping[str, object], indent: str = "") -> str:
    """A tree in the form of DIRAC's configuration files; a list is written with commas."""
    return "".join(_lines(tree, indent))


def _lines(tree: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}\n{indent}{{\n{rendered(value, indent + '  ')}{indent}}}\n"
        elif isinstance(value, list | tuple):
            yield f"{indent}{key} = {', '.join(map(str, value))}\n"
        else:
            yield f"{indent}{key} = {value}\n"


def flaw_of_sections(text: str) -> str | None:
    """The flaw of a file of DIRAC's configuration; None for sections that are all closed."""
    depth, name, sections = 0, "", 0
    for line in filter(None, (each.partition("#")[0].strip() for each in text.splitlines())):
        if line == "{":
            if not name:
                return "opens a section without a name"
            depth, name, sections = depth + 1, "", sections + 1
        elif line == "}":
            depth -= 1
            if depth < 0:
                return "closes a section that nothing opens"
        else:
            name = "" if "=" in line else line
    if depth or not sections:
        return "leaves a section open" if depth else "has no section of DIRAC's configuration"
    return None


def local(host: str, master: str, organisation: str, *, is_master: bool) -> Values:
    """The configuration of a program before it has asked the master: its host name and where the configuration is."""
    url = f"dips://{master}:{MASTER_PORT}/Configuration/Server"
    own = {"Master": "yes", "Name": "DPPS", "MasterServer": url} if is_master else {"Servers": url}
    server = {
        "HandlerPath": "DIRAC/ConfigurationSystem/Service/ConfigurationHandler.py",
        "Port": MASTER_PORT,
        "Authorization": {
            "Default": "all",
            "commitNewData": "CSAdministrator",
            "rollbackToVersion": "CSAdministrator",
        },
    }
    found = {
        "DIRAC": {
            "VirtualOrganization": organisation,
            "NoSetup": "True",
            "Hostname": host,
            "Configuration": own,
            "Security": {
                "UseServerCertificate": "yes",
                "CertFile": "/work/tls/hostcert.pem",
                "KeyFile": "/work/tls/hostkey.pem",
                "CALocation": AUTHORITIES_FOLDER,
            },
        }
    }
    return (
        merged(found, {"Systems": {"Configuration": {"Services": {"Server": server}}}})
        if is_master
        else found
    )


def trusted_host(name: str, subject: str) -> Values:
    """The section by which the programs trust each other: the host with the certificate that all of them show."""
    return {"Registry": {"Hosts": {name: {"DN": subject, "Properties": _HOST_PROPERTIES}}}}


def served(hosts: Mapping[str, str], declared: Values) -> Values:
    """The configuration that the master serves: addresses of services, names of databases, what is declared.

    Each program has a section, which the master completes by the options of DIRAC's release (`scripts/dirac.py`).

    Args:
        hosts: the workload of each program that runs, by its part, which is its Service too.
        declared: configuration of the stack file, which overrides all else.
    """
    made: Values = {}
    for database, system in DIRAC.items():
        # No program finds a database without this, which DIRAC's own installer writes.
        made = merged(made, {"Systems": {system: {"Databases": {database: {"DBName": database}}}}})
    for name, host in hosts.items():
        program = PROGRAMS[name]
        systems, system, kind, module = program.section
        found: Values = {kind: {module: dict(program.options)}}
        if program.port:
            found[kind][module]["Port"] = program.port
            found["URLs"] = {module: f"dips://{host}:{program.port}/{program.module}"}
        made = merged(made, {systems: {system: found}})
    return merged(made, declared)
