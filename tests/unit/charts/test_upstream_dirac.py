"""CTAO's chart of DIRAC, `wms` of PyPI, against the stack's: programs, configuration, files, and why it is not used.

Each difference has a reason here. One that appears or disappears wants a look at
docs/decisions/0022-dirac-by-our-chart.md.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.products.ctao.dirac_config import MASTER, PROGRAMS
from panda_infra.products.ctao.tables import BY_COMPONENT
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from tests.support import ctao, fast_yaml, upstream_dirac
from tests.support.given import Given, of_objects
from tests.support.upstream_dirac import Object
from tools import REPOSITORY

pytestmark = pytest.mark.long

_PREFIX = "demo-wms-dirac-"
_COMPLETE = REPOSITORY / "panda_infra/products/ctao/scripts/dirac.py"
_OF_A_SHELL = "a command of the chart's Jobs reads it"
_DECLARED = "the stack file declares it (`settings.configuration`)"
_TUNING = "CTAO's own numbers; DIRAC's are taken until the stack file declares others"
_DIFFERENCES = {
    "no program voms2cs": "there are no VOMS attributes; the stack file declares users",
    "no program web-app": "DIRAC's web pages are not part of the stack; those of DiracX are",
    "no program ce": "it is the component `ce`",
    **dict.fromkeys(
        (
            *(f"no variable {name}" for name in ("DB_HOSTNAME", "DB_USER", "DB_PASSWORD", "DB_ROOT_USER")),
            *(f"no variable {name}" for name in ("DB_ROOT_PASSWORD", "DIRACX_CS_PATH", "IAM_CONFIG_PATH")),
            *(f"no variable {name}" for name in ("DIRAC_CFG_PATH", "DIRAC_CFG_MASTER_CS", "MASTER_CS")),
            *("no file /config/config.yaml", "no file /home/dirac/sync_iam_users.py"),
            "no file /opt/dirac/diracx_auth_db.sql",
        ),
        _OF_A_SHELL,
    ),
    **dict.fromkeys(("no variable DIRAC_COMPONENT", "no variable DIRAC_EXEC_CMD"), "arguments"),
    **dict.fromkeys(
        ("no file /etc/grid-security/hostcert.pem", "no file /etc/grid-security/hostkey.pem"),
        "/secrets/host; DIRAC/Security names the copies",
    ),
    "no file /opt/dirac/etc/grid-security/": "the copies are in /work/tls",
    "no file /etc/pki/": "REQUESTS_CA_BUNDLE and SSL_CERT_FILE name the image's authorities and the stack's",
    "no file /secrets/systemDatabases.cfg": "/secrets/dirac/secrets.cfg",
    "no file /local/baseDirac.cfg": "the site of jobs, which servers do not ask for",
    "no file /opt/dirac/etc/dirac.cfg": "a program asks the master for its options",
    "no file /opt/dirac/etc/": "the container's own folder",
    "no file /configurations/": "/etc/dirac/served.cfg, with the options of DIRAC's release",
    "no file /persistent-config/": "/persistent",
    "no file /opt/rucio/etc/rucio.cfg": "the options of the catalog in DIRAC's configuration say where Rucio is",
    "no file /home/dirac/.globus/": "nobody's proxy is in a service",
    "no file /home/dirac/.ssh/": "/secrets/ce",
    "no file /etc/diracuser_sshkey": "/secrets/ce",
    "no file /storageElement/": "/work/storage, which ends with the pod: for tests",
    "no file /etc/grid-security/vomses/": "there are no VOMS attributes",
    "no file /etc/grid-security/vomsdir/": "there are no VOMS attributes",
}
_GROUPED = ("/configurations/", "/etc/grid-security/vomses/", "/etc/grid-security/vomsdir/")
_SECTIONS = {
    "Configuration/Agents/VOMS2CSAgent": "not run, as above",
    "WorkloadManagement/Agents/PilotSyncAgent": "part of the web pages",
    "WorkloadManagement/Agents/JobAgent": "runs in pilots",
    "WorkloadManagement/Databases/JobParametersDB": "Systems/NoSQLDatabases in the Secret",
    "DataManagement/Services/StorageElement": "another folder, as above",
    **dict.fromkeys(
        ("Transformation/Services/TransformationManager", "Production/Services/ProductionManager"),
        "DIRAC looks for the handlers of its extension first",
    ),
    "WorkloadManagement/Services/SandboxStore": _DECLARED,
    **dict.fromkeys(
        (
            "Framework/Services/ProxyManager",
            "RequestManagement/Agents/RequestExecutingAgent",
            *(f"Transformation/Agents/{name}Agent" for name in ("Transformation", "ValidateOutputData")),
            *(f"Transformation/Agents/{name}Agent" for name in ("TransformationCleaning", "WorkflowTask")),
            *(f"WorkloadManagement/Agents/{name}" for name in ("SiteDirector", "StatesAccountingAgent")),
            *(f"WorkloadManagement/Services/{name}" for name in ("Matcher", "OptimizationMind")),
            "WorkloadManagement/Executors/InputData",
        ),
        _TUNING,
    ),
}
"""Sections of `Systems` whose options differ."""
_OTHER_SECTIONS = {
    **dict.fromkeys(("DiracX/CsSync", "DiracX/LegacyClientEnabled"), "DiracX has its own configuration"),
    "DiracX/LegacyExchangeApiKey": "in the Secret; upstream's is published (C40)",
    "DiracX/URL": "the stack's own",
    **dict.fromkeys(("Registry/DefaultGroup", "Registry/Groups", "Registry/Users", "Registry/VO"), _DECLARED),
    "Registry/Hosts": "one certificate for all programs",
    "Operations/Defaults": _DECLARED,
    **dict.fromkeys(
        ("Resources/FileCatalogs", "Resources/IdProviders", "Resources/StorageElements"), _DECLARED
    ),
    "Resources/Sites": "the fixture's site",
}
_GONE = "DIRAC has no such method any more"
_RULES = {
    **{
        f"WorkloadManagement/Services/WMSAdministrator/{name}": _GONE
        for name in ("getSiteMask", "getSiteMaskStatus", "allowSite", "banSite")
    },
    "WorkloadManagement/Services/WMSAdministrator/ping": "open to all in DIRAC's own code",
    **{
        f"Accounting/Services/DataStore/{name}": _GONE
        for name in ("compactDB", "deleteType", "registrType", "setBucketsLength", "regenerateBuckets")
    },
    **{
        f"Framework/Services/ProxyManager/{name}": _GONE
        for name in ("getProxyWithToken", "getVOMSProxyWithToken", "setPersistency")
    },
    "Framework/Services/ProxyManager/exchangeProxyForToken": "gives the caller a token of the caller's own",
    "WorkloadManagement/Services/PilotManager/Default": "DIRAC's own rule is stricter",
}
"""Rules who may call a method, that differ."""


@pytest.fixture(scope="module")
def config() -> StackConfig:
    found = ctao.stack()
    return found.model_copy(update={"secrets": stand_ins(found)})


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    return upstream_dirac.render(
        upstream_dirac.wms(tmp_path_factory.mktemp("wms")), "demo", upstream_dirac.WMS
    )


@pytest.fixture(scope="module")
def theirs(objects: list[Object]) -> dict[str, Given]:
    return {
        name.removeprefix(_PREFIX): given
        for name, given in of_objects(objects).items()
        if name.startswith(_PREFIX)
    }


@pytest.fixture(scope="module")
def ours(config: StackConfig) -> dict[str, Given]:
    plan = make_plan("ctao", config)
    release = plan.release("dirac")
    assert release.chart.folder
    made = [(plan.names.secret(suffix), key) for suffix, each in build(config).items() for key in each.data]
    found = of_objects(
        upstream_dirac.render(REPOSITORY / release.chart.folder, release.name, release.values), made
    )
    return {name: found[plan.names.workload("dirac", name)] for name in (MASTER, *PROGRAMS)}


@pytest.fixture(scope="module")
def diraccfg() -> Iterator[ModuleType]:
    """DIRAC's own reader of its files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(upstream_dirac.dirac()))
        yield __import__("diraccfg")


def test_each_program_gets_what_upstreams_chart_gives(
    ours: Mapping[str, Given], theirs: Mapping[str, Given]
) -> None:
    assert ours.keys() <= theirs.keys()
    found = {f"no program {name}" for name in theirs.keys() - ours.keys()}
    for name, given in ours.items():
        found |= set(_differences(given, theirs[name]))
    assert found == set(_DIFFERENCES)


def _differences(ours: Given, theirs: Given) -> Iterator[str]:
    yield from (f"no variable {name}" for name in theirs.variables - ours.variables)
    for path in theirs.files - ours.files:
        if not (path.endswith("/") and any(own.startswith(path) for own in ours.files)):
            yield f"no file {_group(path)}"
    assert ours.ports == theirs.ports
    assert ours.probes == theirs.probes
    if theirs.texts["DIRAC_COMPONENT"] != "Configuration/Server":
        assert ours.command[-2:] == (theirs.texts["DIRAC_EXEC_CMD"], theirs.texts["DIRAC_COMPONENT"])


def _group(path: str) -> str:
    return next((group for group in _GROUPED if path.startswith(group)), path)


def test_the_services_have_upstreams_ports(objects: list[Object]) -> None:
    known = {
        each["metadata"]["name"].removeprefix(_PREFIX): {port["port"] for port in each["spec"]["ports"]}
        for each in objects
        if each["kind"] == "Service" and each["metadata"]["name"].startswith(_PREFIX)
    }
    assert {name: {each.port} for name, each in PROGRAMS.items() if each.port}.items() <= known.items()


def test_the_databases_are_those_of_upstream(tmp_path: Path) -> None:
    values = fast_yaml.load((upstream_dirac.wms(tmp_path) / "values.yaml").read_text())
    assert set(values["diracServer"]["diracDatabases"]) == set(BY_COMPONENT["dirac-bootstrap"])


def _flat(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), ", ".join(sorted(each.strip() for each in value.split(",")))


@pytest.fixture(scope="module")
def served(
    config: StackConfig, diraccfg: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, ...], str]:
    """What our master serves, completed by the files of DIRAC's release as in its pod."""
    folder = tmp_path_factory.mktemp("served")
    master = make_plan("ctao", config).release("dirac").values["parts"][MASTER]
    (folder / "served.cfg").write_text(master["files"]["/etc/dirac/served.cfg"])
    subprocess.run(
        [sys.executable, _COMPLETE, folder / "served.cfg", folder / "complete.cfg"],
        check=True,
        env={"PYTHONPATH": str(upstream_dirac.dirac())},
    )
    return dict(_flat(_read(diraccfg, (folder / "complete.cfg").read_text())))


@pytest.fixture(scope="module")
def upstream_served(diraccfg: ModuleType, objects: list[Object]) -> dict[tuple[str, ...], str]:
    (files,) = (each["data"] for each in objects if each["metadata"]["name"] == "demo-dirac-config")
    found: dict[tuple[str, ...], str] = {}
    for text in files.values():
        found |= dict(_flat(_read(diraccfg, text)))
    return found


def _read(diraccfg: ModuleType, text: str) -> Mapping[str, Any]:
    read = diraccfg.CFG()
    read.loadFromBuffer(text)
    tree: Mapping[str, Any] = read.getAsDict()
    return tree


def _differing(
    ours: Mapping[tuple[str, ...], str], theirs: Mapping[tuple[str, ...], str]
) -> set[tuple[str, ...]]:
    return {path for path, text in theirs.items() if ours.get(path) != text and "URLs" not in path}


def test_the_configuration_is_that_of_upstream(
    served: Mapping[tuple[str, ...], str], upstream_served: Mapping[tuple[str, ...], str]
) -> None:
    found = _differing(served, upstream_served)
    systems = {path[1:4] for path in found if path[0] == "Systems" and "Authorization" not in path}
    assert {"/".join(path) for path in systems} == set(_SECTIONS)
    others = {path[:2] for path in found if path[0] != "Systems"}
    assert {"/".join(path) for path in others} == set(_OTHER_SECTIONS)


def test_the_same_may_call_each_service(
    served: Mapping[tuple[str, ...], str], upstream_served: Mapping[tuple[str, ...], str]
) -> None:
    """DIRAC lets everybody call what no rule is about."""
    found = {path for path in _differing(served, upstream_served) if "Authorization" in path}
    assert {"/".join((*path[1:4], path[-1])) for path in found} == set(_RULES)
    services = {program.section for program in PROGRAMS.values() if program.kind == "service"}
    ruled = {path[:4] for path in served if "Authorization" in path}
    # Its handler has a rule for each of its methods.
    assert services - ruled == {("Systems", "WorkloadManagement", "Services", "OptimizationMind")}


def test_an_executor_loads_what_upstreams_loads(
    served: Mapping[tuple[str, ...], str], upstream_served: Mapping[tuple[str, ...], str]
) -> None:
    path = ("Systems", "WorkloadManagement", "Executors", "Optimizers", "Load")
    assert served[path] == upstream_served[path] != ""


def test_the_log_ins_have_upstreams_options(
    config: StackConfig, diraccfg: ModuleType, objects: list[Object]
) -> None:
    own = dict(_flat(_read(diraccfg, build(config)["dirac"].data["secrets.cfg"].decode())))
    texts = [text for each in objects for text in (each.get("stringData") or {}).values()]
    wanted = {path for text in texts if "\n" in text for path in dict(_flat(_read(diraccfg, text)))}
    databases = {path for path in wanted if path[:2] == ("Systems", "Databases")}
    assert len(databases) == 4
    assert databases <= own.keys()
    search = {path[-1] for path in wanted if "JobParametersDB" in path}
    assert {path[-1] for path in own if path[:2] == ("Systems", "NoSQLDatabases")} == search


# What follows is why the chart is not used. A test that fails here asks for a new decision.


def test_two_renders_differ_by_the_names_of_jobs(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """C2, C7, with the sub-chart of DiracX."""
    checkout: Path | None = pytestconfig.getoption("--diracx-charts")
    if checkout is None:
        pytest.skip("no checkout of DiracX' chart is given (--diracx-charts)")
    chart = upstream_dirac.wms(tmp_path, checkout.resolve() / upstream_dirac.CHART_OF_DIRACX)
    first, second = (
        {(each["kind"], each["metadata"]["name"]) for each in upstream_dirac.render(chart, "demo", {})}
        for _ in range(2)
    )
    assert {kind for kind, _ in first ^ second} == {"Job"}


def test_passwords_are_written_from_values_into_several_secrets(objects: list[Object]) -> None:
    """C29, C47."""
    secrets = {each["metadata"]["name"] for each in objects if "dirac-db-root" in str(each.get("stringData"))}
    assert secrets == {"dirac-sql-db-password", "demo-dirac-master-cs-config"}


def test_names_are_fixed(tmp_path: Path) -> None:
    chart = upstream_dirac.wms(tmp_path)
    one, other = (
        {
            (each["kind"], each["metadata"]["name"])
            for each in upstream_dirac.render(chart, name, upstream_dirac.WMS)
        }
        for name in ("one", "two")
    )
    assert ("Secret", "dirac-sql-db-password") in one & other


def test_its_jobs_may_run_commands_in_every_pod(objects: list[Object]) -> None:
    """C44."""
    rules = [rule for each in objects if each["kind"] == "Role" for rule in each["rules"]]
    assert any("pods/exec" in rule["resources"] and "create" in rule["verbs"] for rule in rules)


def test_each_service_opens_a_port_of_every_node(objects: list[Object]) -> None:
    """C45."""
    kinds = [
        each["spec"].get("type")
        for each in objects
        if each["kind"] == "Service" and each["metadata"]["name"].removeprefix(_PREFIX) in PROGRAMS
    ]
    assert set(kinds) == {"NodePort"}
