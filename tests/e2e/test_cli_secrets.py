"""The command line with the real Pulumi CLI: what is encrypted comes out byte for byte, and shows nowhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from panda_infra.authority import make_authority
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.paths import Path as KeyPath
from panda_infra.rules.judge import Judge
from panda_infra.stacks.decrypted import decrypted
from panda_infra.stacks.encryption import encrypt
from testbed.bed import Bed
from testbed.stacks import on_bed
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.unit.migration.conftest import SiteCheckout
from tools import REPOSITORY, toolchain

pytestmark = pytest.mark.e2e

_STACK = "mine"
_INIT = ("init", _STACK, "-e", "dev", "--kubeconfig", "kc", "--storage-class", "standard")
_SMALL = ("--component", "msgsvc", "--component", "iam", "--component", "iam-db", "--component", "panda")
_TRACER = '#!/bin/sh\nprintf "%s\\n" "$*" >>"{log}"\nexec "{cli}" "$@"\n'


class Project:
    """A project folder with a state of its own; every start of the Pulumi CLI is written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        for name in ("Pulumi.yaml", "__main__.py", "panda_infra", "cric_jsons", "sites", ".venv"):
            (self.folder / name).symlink_to(REPOSITORY / name)
        (folder / "state").mkdir()
        self.log = folder / "arguments"
        self.log.touch()
        environment = {
            **os.environ,
            **toolchain.ensure(("pulumi", "plugin-kubernetes", "plugin-openstack")).environment(),
        }
        tracer = folder / "bin" / "pulumi"
        tracer.parent.mkdir()
        cli = self._found(environment["PATH"])
        tracer.write_text(_TRACER.format(log=self.log, cli=cli))
        tracer.chmod(0o755)
        self.environment = {
            **environment,
            # The language host lies beside the real CLI.
            "PATH": os.pathsep.join([str(tracer.parent), str(cli.parent), environment["PATH"]]),
            "PYTHONPATH": str(REPOSITORY),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        }

    @staticmethod
    def _found(path: str) -> Path:
        return next(file for folder in path.split(os.pathsep) if (file := Path(folder) / "pulumi").is_file())

    def run(self, *arguments: str, stdin: bytes = b"", code: int = 0) -> str:
        """Run a command line of the program; its result."""
        done = run_in(self.folder, self.environment, *arguments, stdin=stdin)
        assert done.exit_code == code, done.output
        return done.stdout

    def pulumi(self, *arguments: str, stdin: str = "") -> str:
        """Run the Pulumi CLI itself."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rendered(self, folder: Path) -> dict[str, bytes]:
        """Every key of every Secret, as ``Secret/key``."""
        self.run("secrets", "render", _STACK, "--output", str(folder))
        return {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the stack `mine`, made by `init`."""
    made = Project(tmp_path_factory.mktemp("cli"))
    made.run(*_INIT, *_SMALL, "--make-certificates")
    return made


@pytest.fixture
def stack_file(project: Project) -> Path:
    return project.folder / f"Pulumi.{_STACK}.yaml"


def test_init_leaves_a_stack_that_passes_every_rule(
    project: Project, stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    config = decrypted(Pulumi("pulumi", project.folder), _STACK).config
    assert Judge()(config, stack=_STACK) == []
    first, title, *_ = stack_file.read_text().splitlines()
    assert (first, title) == ("# yaml-language-server: $schema=docs/stack.schema.json", "# Stack mine.")


def test_the_audit_decrypts_and_finds_nothing_wrong(project: Project) -> None:
    report = json.loads(project.run("secrets", "audit", _STACK, "--json"))
    assert {row["state"] for row in report["secrets"]} <= {"set", "optional"}
    assert report["problems"] == []


def test_files_reach_their_secret_byte_for_byte(project: Project, tmp_path: Path) -> None:
    contents = {
        "lines": b"two\nlines and two ends\n\n",
        "windows": b"\r\nwindows\r\n",
        "digits": b"12345",
        "word": b"true",
        "blanks": b" leading and trailing ",
        "signs": "ünïcode ☃ \"quotes\" 'and' $VARS % \\ {{x}} ${y}".encode(),
        "mark": b"base64:not really",
        "binary": bytes(range(256)) * 16,
    }
    for name, content in contents.items():
        source = tmp_path / name
        source.write_bytes(content)
        project.run("secrets", "set", _STACK, f"files.panda.{name}.pem", "--file", str(source))
    found = project.rendered(tmp_path / "out")
    assert {name: found[f"panda-secrets-panda-certs/{name}.pem"] for name in contents} == contents


def test_a_rotated_password_changes_only_itself(project: Project, stack_file: Path, tmp_path: Path) -> None:
    stack_file.write_text(stack_file.read_text().replace("msgsvc: {}", "msgsvc: {} # the broker"))
    before = project.rendered(tmp_path / "before")
    reported = project.run("secrets", "rotate", _STACK, "iam.superuserPassword")
    after = project.rendered(tmp_path / "after")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"panda-secrets-iam-conf/V3_1__first_accounts.sql"}
    assert "rolled by the next up: iam/main" in reported
    assert "msgsvc: {} # the broker" in stack_file.read_text()


@pytest.mark.parametrize("form", ["the whole", "a group", "with anchors"])
def test_a_rotated_password_changes_only_itself_whatever_the_form(
    project: Project, stack_file: Path, tmp_path: Path, form: str
) -> None:
    former = stack_file.read_text()
    try:
        _written_as(form, project, stack_file)
        text = stack_file.read_text()
        before = project.rendered(tmp_path / "before")
        project.run("secrets", "rotate", _STACK, "msgsvc.basePassword")
        project.run("init", _STACK)
        after = project.rendered(tmp_path / "after")
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert changed
        assert not {name for name in changed if "iam" in name}
        assert stack_file.with_name(f"{stack_file.name}~").read_text() == text
        lines = stack_file.read_text().splitlines()
        assert len(set(text.splitlines()) - set(lines)) == 1
        assert len(lines) == len(text.splitlines())
    finally:
        stack_file.write_text(former)


def _written_as(form: str, project: Project, file: Path) -> None:
    """Write the secrets of the stack in another form that the engine takes."""
    if form == "with anchors":
        odd = "  # about others\n  other:octal: &octal 0777 # as they are\n  other:again: *octal\n"
        file.write_text(file.read_text().replace("config:\n", f"config:\n{odd}", 1))
        return
    section = "panda-infra:secrets"
    shown = ("config", "--show-secrets", "--json", "--stack", _STACK)
    clear = json.loads(json.loads(project.pulumi(*shown))[section]["value"])
    place, value = (section, clear) if form == "the whole" else (f"{section}.msgsvc", clear["msgsvc"])
    document = fast_yaml.load(file.read_text())
    document["config"].pop(section) if form == "the whole" else document["config"][section].pop("msgsvc")
    file.write_text(fast_yaml.dump(document))
    project.pulumi("config", "set", "--secret", "--path", place, "--stack", _STACK, stdin=json.dumps(value))


_REST = "  other:odd: [0x1f, 1e3, ~] # as it is\n"


@pytest.mark.parametrize(
    "text",
    [
        f"# mine\nconfig:\n  panda-infra:secrets: # none yet\n{_REST}",
        f"config:\n  secrets: {{}}\n{_REST}extra: &x 1\nmore: *x\n",
        f"config:\r\n{_REST}",
        "{config: {'other:odd': 0777}} # all in braces",
    ],
)
def test_a_first_secret_leaves_every_other_character(project: Project, text: str) -> None:
    file = project.folder / "Pulumi.forms.yaml"
    cli = Pulumi("pulumi", project.folder, project.environment)
    if not cli.has("forms"):
        project.pulumi("stack", "init", "forms", "--no-select")
    file.write_bytes(text.encode())
    try:
        values: dict[KeyPath, str] = {
            ("msgsvc", "basePassword"): "b\n",
            ("files", "panda", "a.json"): '{"a": 1}',
        }
        encrypt(cli, "forms", values)
        clear, _ = cli.config("forms")
        assert json.loads(clear["panda-infra:secrets"]) == {
            "msgsvc": {"basePassword": "b\n"},
            "files": {"panda": {"a.json": '{"a": 1}'}},
        }
        rest = iter(file.read_bytes().decode())
        assert all(character in rest for character in text.replace("{}", "")), "something is gone"
        assert json.loads(clear["other:odd"]) in ([31, 1000, None], 511)
    finally:
        file.unlink()


def test_a_refused_value_changes_nothing(project: Project, stack_file: Path) -> None:
    before = stack_file.read_text()
    project.run("secrets", "set", _STACK, "panda.databasePassword", stdin=b"it's", code=1)
    assert stack_file.read_text() == before


def test_no_value_was_ever_an_argument(project: Project, tmp_path: Path) -> None:
    value = b"canary-7c1f0d"
    project.run("secrets", "set", _STACK, "iam.superuserPassword", stdin=value)
    assert value in project.rendered(tmp_path / "out")["panda-secrets-iam-conf/V3_1__first_accounts.sql"]
    arguments = project.log.read_text()
    assert "config set --secret --path --raw panda-infra:secrets.iam.superuserPassword" in arguments
    assert value.decode() not in arguments
    texts = [file for file in project.folder.parent.rglob("*") if file.is_file() and not file.is_symlink()]
    kept = [file for file in texts if value in file.read_bytes() and tmp_path not in file.parents]
    assert kept == []


def test_a_wrong_passphrase_is_plain_errors(project: Project) -> None:
    project.environment["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    try:
        project.run("secrets", "audit", _STACK, code=1)
    finally:
        project.environment["PULUMI_CONFIG_PASSPHRASE"] = "correct horse"


@pytest.mark.long
def test_another_passphrase_encrypts_everything_anew(project: Project, stack_file: Path) -> None:
    before = stack_file.read_text()
    reported = documented("pulumi stack change-secrets-provider passphrase --stack doma", {"doma": _STACK})
    done = subprocess.run(
        reported.words,
        cwd=project.folder,
        env=project.environment,
        input=b"battery staple\nbattery staple\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert stack_file.read_text().count("secure:") == before.count("secure:")
    old, project.environment["PULUMI_CONFIG_PASSPHRASE"] = "correct horse", "battery staple"
    project.run("secrets", "audit", _STACK)
    project.environment["PULUMI_CONFIG_PASSPHRASE"] = old
    project.run("secrets", "audit", _STACK, code=1)
    stack_file.write_text(before)


def test_a_checkout_becomes_a_complete_stack(project: Project, tmp_path: Path) -> None:
    site = SiteCheckout(tmp_path / "panda-k8s")
    site.values("panda", "dev", {"server": {"replicaCount": 2, "persistentvolume": {"class": "nas"}}})
    password = "p4ssw0rd-of-the-site"
    site.secrets(
        {"panda": {"database": {"password": password}}, "auth": {"authIdToken": "a.b.c"}, "odd": {"x": "y"}}
    )
    made = make_authority("a site's", now=datetime.now(UTC)).issue(["panda-server"])
    for name, text in {"hostcert": made.certificate, "hostkey": made.key, "chain": made.chain}.items():
        site.file(f"panda_certs/{name}.pem", text.encode())
    site.file("panda_certs/extra.pem", b"more\n\n")
    reported = project.run("import", "site", str(site.folder), "-e", "dev", "--kubeconfig", "kc")
    assert "odd.x" in reported
    assert password not in reported
    project.run("init", "site")
    project.run("secrets", "audit", "site")
    out = tmp_path / "out"
    project.run("secrets", "render", "site", "--output", str(out))
    assert (out / "panda-secrets-panda-envs" / "PANDA_DB_PASSWORD").read_text() == password
    assert (out / "panda-secrets-panda-certs" / "extra.pem").read_bytes() == b"more\n\n"


def test_what_only_the_site_knows_can_be_pasted(project: Project) -> None:
    shutil.copy(REPOSITORY / "Pulumi.doma.yaml", project.folder)
    project.run("check", "doma", code=INCOMPLETE)
    project.pulumi("stack", "init", "doma", "--no-select")
    for reported in (
        documented(
            "pulumi config set --stack doma --path 'panda-infra:components.panda.settings.database.host' "
            "panda-db.cern.ch"
        ),
        documented(
            "pulumi config set --stack doma --path 'panda-infra:components.idds.settings.database.host' "
            "idds-db.cern.ch"
        ),
        documented(
            "pulumi config set --stack doma --path 'panda-infra:cluster.template' kubernetes-1.29.2-2"
        ),
        documented("pulumi config set --stack doma --path 'panda-infra:cluster.cloud' cern"),
    ):
        project.pulumi(*reported.arguments)
    assert project.run("check", "doma") == "doma: ok\n"


def test_without_a_backend_init_says_so_and_writes_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {name: value for name, value in project.environment.items() if name != "PULUMI_BACKEND_URL"}
    # Where nobody has logged in.
    monkeypatch.setattr(project, "environment", without | {"PULUMI_CREDENTIALS_PATH": str(tmp_path)})
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    done = run_in(project.folder, project.environment, "init", "elsewhere", *_INIT[2:])
    assert done.exit_code == 1
    assert "name the place of the state first, as docs/state.md shows" in done.output
    assert not (project.folder / "Pulumi.elsewhere.yaml").exists()


def test_a_broken_state_is_named_and_does_not_keep_the_others(project: Project) -> None:
    document = fast_yaml.load((project.folder / f"Pulumi.{_STACK}.yaml").read_text())
    document["config"]["panda-infra:lifecycle"] = {"protect": False, "expires": "2020-12-01"}
    for name in ("whole", "broken"):
        project.pulumi("stack", "init", name, "--no-select")
        (project.folder / f"Pulumi.{name}.yaml").write_text(fast_yaml.dump(document))
    state = Path(project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    (state / ".pulumi" / "stacks" / "panda-infra" / "broken.json").write_text('{"version": 3, "ch')
    try:
        done = run_in(project.folder, project.environment, "expired", "whole", "broken", "--json")
        assert done.exit_code == 1
        assert f"the state of stack broken cannot be read: file://{state}/.pulumi/stacks" in done.output
        assert [each["stack"] for each in json.loads(done.stdout)] == ["broken", "whole"]
        project.run("secrets", "audit", _STACK)
    finally:
        for name in ("whole", "broken"):
            (project.folder / f"Pulumi.{name}.yaml").unlink()
            (state / ".pulumi" / "stacks" / "panda-infra" / f"{name}.json").unlink()


def test_a_dry_run_needs_no_secret(project: Project, bed: Bed, capfd: pytest.CaptureFixture[str]) -> None:
    document = fast_yaml.load((REPOSITORY / "Pulumi.local.yaml").read_text())
    document["config"] |= on_bed(bed) | {"panda-infra:namespace": "stand-ins"}
    (project.folder / "Pulumi.local.yaml").write_text(fast_yaml.dump(document))
    reported = documented("python -m panda_infra dry-run doma", {"doma": "local"})
    project.run(*reported.arguments, "--json")
    # The engine writes to the terminal itself.
    assert json.loads(capfd.readouterr().out)["changeSummary"]["create"] > 20
    assert "Pulumi.local.yaml" not in project.run("check", "local")
