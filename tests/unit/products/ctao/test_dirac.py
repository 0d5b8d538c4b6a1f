"""DIRAC's configuration files, and what each of its programs is given."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.authority import make_authority
from panda_infra.config.stack import StackConfig
from panda_infra.plan.certificates import issued
from panda_infra.plan.make import make_plan
from panda_infra.products.ctao.components.dirac import COMPONENT
from panda_infra.products.ctao.dirac_config import PROGRAMS, flaw_of_sections, rendered
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import revealed, stand_ins, with_values
from tests.support import canaries, ctao
from tools import REPOSITORY

_WORDS = st.text("abcXYZ019_", min_size=1, max_size=8)
_TREES = st.recursive(
    st.dictionaries(_WORDS, _WORDS, max_size=3), lambda inner: st.dictionaries(_WORDS, inner, max_size=3)
)


def read(text: str) -> dict[str, Any]:
    """A configuration file as DIRAC reads it: NAME, { , OPTION = TEXT, }."""
    tree: dict[str, Any] = {}
    stack, name = [tree], ""
    for line in (each.strip() for each in text.splitlines()):
        if line == "{":
            stack.append(stack[-1].setdefault(name, {}))
        elif line == "}":
            stack.pop()
        elif "=" in line:
            key, _, value = line.partition(" = ")
            stack[-1][key] = value
        else:
            name = line
    assert len(stack) == 1
    return tree


@given(_TREES)
def test_what_is_written_is_read(tree: dict[str, Any]) -> None:
    assert read(rendered(tree)) == tree


def test_a_list_has_commas() -> None:
    assert (
        rendered({"A": {"Users": ["ada", "bob"], "Port": 1}}) == "A\n{\n  Users = ada, bob\n  Port = 1\n}\n"
    )


def stack(sections: dict[str, Any] | None = None, **dirac: Any) -> StackConfig:
    config = ctao.stack(components=ctao.COMPONENTS | {"dirac": dirac}, **(sections or {}))
    return config.model_copy(update={"secrets": stand_ins(config)})


def parts(config: StackConfig) -> dict[str, Any]:
    found: dict[str, Any] = make_plan("ctao", config).release("dirac").values["parts"]
    return found


def served(config: StackConfig) -> dict[str, Any]:
    return read(parts(config)["master-cs"]["files"]["/etc/dirac/served.cfg"])


def test_the_ports_are_those_of_the_pods() -> None:
    made = parts(stack())
    urls = re.findall(r"dips://ctao-dirac-([a-z-]+):(\d+)/", str(served(stack())))
    assert {(name, int(port)) for name, port in urls} == {
        (name, program.port) for name, program in PROGRAMS.items() if program.port
    }
    assert all(made[name]["ports"] == {"dips": int(port)} for name, port in urls)
    assert len({program.port for program in PROGRAMS.values() if program.port}) == len(urls)


def test_a_service_that_is_off_is_not_served() -> None:
    config = stack(**{"fileCatalog": {"enabled": False}})
    assert "file-catalog" not in parts(config)
    assert "FileCatalog" not in served(config)["Systems"]["DataManagement"]["URLs"]


def test_the_stack_file_goes_before_what_follows() -> None:
    own = {
        "Resources": {"Sites": {"CTAO": {"CTAO.CI.de": {"Name": "mine"}}}},
        "DiracX": {"URL": "https://other"},
    }
    found = served(stack(settings={"configuration": own}))
    assert found["DiracX"]["URL"] == "https://other"
    site = found["Resources"]["Sites"]["CTAO"]["CTAO.CI.de"]
    assert (site["Name"], site["CE"]) == ("mine", "ctao-ce-server")


def test_a_change_of_one_program_leaves_the_others() -> None:
    """C6: with upstream's chart each upgrade replaces the pods of every program."""
    before, after = (
        parts(stack()),
        parts(stack(settings={"configuration": {"Operations": {"Defaults": {"A": "b"}}}})),
    )
    assert {name for name in before if before[name] != after[name]} == {"master-cs"}


def test_the_password_is_in_one_file_of_one_secret() -> None:
    """C29, C47: upstream has it in three Secrets, and in Helm's release."""
    config = stack()
    assert (
        canaries.found_in(
            json.dumps(make_plan("ctao", config).release("dirac").values),
            canaries.values(revealed(config.secrets)),
        )
        == []
    )
    text = build(config)["dirac"].data["secrets.cfg"].decode()
    assert read(text)["Systems"]["Databases"]["Host"] == "ctao-dirac-db-mariadb"
    assert read(text)["DiracX"]["LegacyExchangeApiKey"].startswith("diracx:legacy:")


def test_the_key_for_jobs_is_with_who_submits_alone() -> None:
    """Upstream mounts it into the computing element too."""
    config = stack()
    mounting = {name for name, part in parts(config).items() if "/secrets/ce" in part["secrets"]}
    assert mounting == {"site-director"}
    made = build(config)
    assert b"PRIVATE KEY" in made["dirac-ce"].data["sshkey"]
    assert made["ce-authorized"].data["authorized_keys"].startswith(b"ssh-ed25519 ")


def test_the_volume_of_the_configuration_has_a_size() -> None:
    """C30: upstream's has one MiB, which cannot be changed later."""
    assert parts(stack())["master-cs"]["data"]["size"] == "1Gi"
    values = make_plan("ctao", stack(masterCs={"volumes": {"data": {"size": "3Gi"}}})).release("dirac").values
    assert values["master-cs"]["persistentvolume"]["size"] == "3Gi"


def test_every_program_has_one_certificate() -> None:
    """C48: DIRAC compares subjects; there is one for all hosts, with a common name."""
    assert all("dirac-tls-certs" in {use.suffix for use in sub.secrets} for sub in COMPONENT.sub_components)
    text = build(stack())["dirac"].data["secrets.cfg"].decode()
    host = read(text)["Registry"]["Hosts"]["ctao-dirac-master-cs"]
    assert host["DN"] == "/CN=ctao-dirac-master-cs"
    assert "TrustedHost" in host["Properties"]


def test_programs_know_each_other_by_the_certificate_that_a_site_gives() -> None:
    """Authorities of the grid choose the subject; by another one no service would do anything for a host."""
    own = make_authority("site", now=datetime.now(UTC)).issue_robot("CN=dirac.site.org,O=CTAO,DC=site,DC=org")
    config = stack()
    changed = with_values(config.secrets, {("certificates", "dirac", "certificate"): own.certificate})
    text = build(config.model_copy(update={"secrets": changed}))["dirac"].data["secrets.cfg"].decode()
    (host,) = read(text)["Registry"]["Hosts"].values()
    assert host["DN"] == "/DC=org/DC=site/O=CTAO/CN=dirac.site.org"


@pytest.mark.parametrize("namespace", ["ctao", "a-namespace-whose-name-is-too-long-to-be-in-a-common-name"])
def test_programs_know_each_other_by_the_certificate_that_cert_manager_issues(namespace: str) -> None:
    config = stack(sections={"certificates": {"kind": "cert-manager"}, "namespace": namespace})
    text = build(config)["dirac"].data["secrets.cfg"].decode()
    (host,) = read(text)["Registry"]["Hosts"].values()
    (own,) = (each for each in issued(config) if each.suffix == "dirac-tls-certs")
    assert host["DN"] == f"/CN={own.names['commonName']}"
    # Another DIRAC of the cluster may have the same issuer, and must not be taken for this one.
    assert own.common_name == f"ctao-dirac-master-cs.{namespace}.svc"[:64]
    assert set(own.hosts) >= {"ctao-dirac-master-cs", "ctao-dirac-matcher"}


def test_the_subject_of_a_certificate_that_others_put_there_is_unknown() -> None:
    sections = {"certificates": {"kind": "cert-manager"}}
    config = stack(sections=sections, settings={"existingSecrets": ["dirac-tls-certs"]})
    assert "Hosts" not in build(config)["dirac"].data["secrets.cfg"].decode()


def test_every_program_has_a_section_that_the_master_completes() -> None:
    """DIRAC lets everybody call a service without rules; those are in the files of its release."""
    made = stack()
    found = served(made)["Systems"]
    for program in PROGRAMS.values():
        _, system, kind, module = program.section
        assert module in found[system][kind]
    assert "/etc/dirac/dirac.py" in parts(made)["master-cs"]["files"]


def test_every_database_has_its_name_in_a_section_of_its_system() -> None:
    """No program finds a database without it; DIRAC's own installer writes it."""
    made = stack()
    found = served(made)["Systems"]
    named = {
        (database, options["DBName"])
        for system in found.values()
        for database, options in system.get("Databases", {}).items()
    }
    job = make_plan("ctao", made).release("dirac-bootstrap").values
    assert named == {(database, database) for database in job["settings"]["databases"]}
    assert found["WorkloadManagement"]["Databases"]["JobDB"] == {"DBName": "JobDB"}


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """The folders of a master's pod, whose image makes nothing of the configuration."""
    authorities = "etc/grid-security/certificates"
    for name in ("work", "persistent", "etc/dirac", "secrets/host", "opt/dirac", authorities):
        (tmp_path / name).mkdir(parents=True)
    for name in ("tls.crt", "tls.key"):
        (tmp_path / "secrets/host" / name).write_text(name)
    (tmp_path / authorities / "ca.pem").write_text("the stack's\n")
    # The image's own Python has DIRAC's packages.
    (tmp_path / "opt/dirac/bashrc").write_text(f"export PATH={Path(sys.executable).parent}:$PATH\n")
    (tmp_path / "etc/dirac/dirac.py").write_text("import shutil, sys\nshutil.copyfile(*sys.argv[1:])\n")
    (tmp_path / "etc/dirac/served.cfg").write_text("first")
    return tmp_path


def start_master(pod: Path) -> Path:
    """Run the script of the master, and return the folder where DIRAC would look for its configuration."""
    text = (REPOSITORY / "panda_infra/products/ctao/scripts/dirac.sh").read_text()
    text = re.sub(
        r"(?<![\w.])/(work|persistent|etc/dirac|etc/grid-security|secrets|opt)\b", rf"{pod}/\1", text
    )
    program = pod / "program.py"
    program.write_text(
        "import os, pathlib, sys\n"
        "pathlib.Path('arguments').write_text(' '.join(sys.argv[1:]))\n"
        "print(os.environ['DIRAC_ROOT_PATH'], end='')\n"
    )
    command = ("bash", "-c", text, "dirac.sh", "python3", str(program))
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return Path(done.stdout) / "etc"


def test_what_is_added_to_the_configuration_stays_until_the_stack_file_changes(pod: Path) -> None:
    """DIRAC replaces its file by another one of the same name, which was lost where a link had led into the volume."""
    kept = start_master(pod)
    assert kept.is_relative_to(pod / "persistent")
    file = kept / "DPPS.cfg"
    assert file.read_text() == "first"
    (kept / "new").write_text("added by an operator")
    (kept / "new").rename(file)
    assert start_master(pod) == kept
    assert file.read_text() == "added by an operator"
    (pod / "etc/dirac/served.cfg").write_text("second")
    start_master(pod)
    assert file.read_text() == "second"
    (copy,) = kept.glob("DPPS-*.cfg")
    assert copy.read_text() == "added by an operator"


def test_a_container_starts_anew_over_the_files_of_the_last_one(pod: Path) -> None:
    """They are read-only, and the image's user cannot write them: each is replaced."""
    start_master(pod)
    copies = pod / "work/tls"
    (copies / "before").hardlink_to(copies / "hostkey.pem")
    (pod / "secrets/host/tls.key").write_text("renewed")
    start_master(pod)
    assert (copies / "hostkey.pem").read_text() == "renewed"
    assert (copies / "before").read_text() == "tls.key"
    assert (copies / "hostkey.pem").stat().st_mode & 0o777 == 0o400


def test_clients_know_the_authorities_of_everybody_and_of_the_stack(pod: Path) -> None:
    """What is outside has a certificate of one or the other."""
    start_master(pod)
    # DIRAC hands out each *.pem of the folder in which it runs.
    assert list((pod / "work").glob("*.pem")) == []
    known = (pod / "work/trust/authorities.pem").read_text()
    assert known == Path(certifi.where()).read_text() + "the stack's\n"
    variables = parts(stack())["master-cs"]["variables"]
    assert variables == dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), "/work/trust/authorities.pem")


def test_sections_with_secrets_are_read_last_and_are_in_the_secret_alone(pod: Path) -> None:
    """A client of IAM has a secret, which the public configuration must not hold (C47)."""
    sections = (
        "Resources\n{\n  IdProviders\n  {\n    IAM\n    {\n      client_secret = canary\n    }\n  }\n}\n"
    )
    config = stack()
    changed = with_values(config.secrets, {("dirac", "configuration"): sections})
    config = config.model_copy(update={"secrets": changed})
    made = build(config)["dirac"].data
    assert made["sections.cfg"].decode() == sections
    assert "canary" not in json.dumps(make_plan("ctao", config).release("dirac").values)
    assert "sections.cfg" not in build(stack())["dirac"].data
    files = ["/etc/dirac/local.cfg", "/secrets/dirac/secrets.cfg", "/secrets/dirac/sections.cfg"]
    (pod / "secrets/dirac").mkdir()
    for count in (2, 3):
        if count == len(files):
            (pod / "secrets/dirac/sections.cfg").write_text(sections)
        start_master(pod)
        named = (pod / "work/arguments").read_text().split()
        assert named == [word for file in files[:count] for word in ("--cfg", f"{pod}{file}")]


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("A\n{\n  b = {c}\n}\n", None),
        ("# a note\n\nA\n{\n}\n", None),
        ("A\n{\n", "leaves a section open"),
        ("A\n{\n}\n}\n", "closes a section that nothing opens"),
        ("{\n}\n", "opens a section without a name"),
        ("client_secret: canary\n", "has no section of DIRAC's configuration"),
    ],
)
def test_a_file_that_dirac_would_not_read_is_refused(text: str, flaw: str | None) -> None:
    assert flaw_of_sections(text) == flaw


def test_the_catalog_checks_rights() -> None:
    options = served(stack())["Systems"]["DataManagement"]["Services"]["FileCatalog"]
    assert options == {"SecurityManager": "DirectorySecurityManager", "Port": "9197"}


def test_sandboxes_are_kept_by_diracx_where_the_stack_has_it() -> None:
    def options(made: StackConfig) -> dict[str, str]:
        found: dict[str, str] = served(made)["Systems"]["WorkloadManagement"]["Services"]["SandboxStore"]
        return found

    assert options(stack())["UseDiracXBackend"] == "True"
    without = {name: each for name, each in ctao.COMPONENTS.items() if not name.startswith("diracx")}
    assert "UseDiracXBackend" not in options(ctao.stack(components=without))


def test_dirac_logs_in_to_opensearch() -> None:
    made = stack()
    found = read(build(made)["dirac"].data["secrets.cfg"].decode())["Systems"]["NoSQLDatabases"]
    assert (found["Host"], found["Port"], found["SSL"]) == ("ctao-opensearch-server", "9200", "True")
    assert found["Password"] == revealed(made.secrets)["interfaces"]["openSearchPassword"]
    without = {name: each for name, each in ctao.INTERFACES.items() if name != "opensearch"}
    fewer = {name: each for name, each in ctao.COMPONENTS.items() if name != "opensearch"}
    config = ctao.stack(interfaces=without, components=fewer)
    config = config.model_copy(update={"secrets": stand_ins(config)})
    assert "NoSQLDatabases" not in build(config)["dirac"].data["secrets.cfg"].decode()


def test_authorities_are_where_grid_software_looks() -> None:
    """Without them no program of DIRAC takes or makes a connection."""
    made = stack()
    folder = "/etc/grid-security/certificates"
    assert all(folder in part["secrets"] for part in parts(made).values())
    local = read(parts(made)["matcher"]["files"]["/etc/dirac/local.cfg"])
    assert local["DIRAC"]["Security"]["CALocation"] == folder
    names = set(build(made)["authorities"].data) - {"ca.pem"}
    assert names
    assert all(re.fullmatch(r"[0-9a-f]{8}\.\d", name) for name in names)


def test_services_are_started_anew_when_they_take_no_connections() -> None:
    for name, program in PROGRAMS.items():
        assert ("alive" in parts(stack())[name]) == bool(program.port)
