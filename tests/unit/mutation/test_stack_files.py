"""Stack files and site files, changed: what is read is what the engine reads, or it is refused in words."""

from __future__ import annotations

import json
import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panda_infra.config import stackfile
from panda_infra.config.load import from_file, from_pulumi
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.rules.judge import Judge, judge_given
from panda_infra.rules.warnings import warnings
from panda_infra.secrets.build import build
from panda_infra.stacks.document import is_new
from panda_infra.stacks.encryption import encryption_keys
from tests.support import fast_yaml
from tests.support.held import CANARY, check_words, held
from tests.support.mutations import texts, trees
from tests.support.stack_files import SAMPLES
from tools import REPOSITORY
from tools.errors import ToolsError
from tools.toolchain import ensure

_SECRETS = f"""
  panda-infra:secrets:
    hashKey: {{secure: v1:aaaaaaaaaaaaaaaa:bbbb}}
    panda: {{databasePassword: {CANARY}-1}}
    bigmon:
      secretKey: "{CANARY}-2"
      providerSecrets: {{github: {CANARY}-3}}
"""
_STACKS = [SAMPLES.file(stack).read_text() for stack in SAMPLES.stacks]
_GOOD = (REPOSITORY / "tests/bad_stacks/good.yaml").read_text()
_TEXTS = [*_STACKS, _GOOD, _GOOD + _SECRETS]
_SITES = [file.read_text() for file in sorted((SAMPLES.folder / "sites").glob("*.yaml"))]
_LONG = settings(max_examples=3000, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one stack, and the sites and lists of the samples."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
    for name in ("sites", "cric_jsons"):
        (folder / name).symlink_to(SAMPLES.folder / name)
    return folder


def read(folder: Path, text: str) -> Plan:
    """As `check`, `explain`, `graph` and `init` read it."""
    file = folder / "Pulumi.x.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    is_new(file)
    held(partial(encryption_keys, text))
    held(partial(from_file, file, rules=partial(judge_given, folder=folder)))
    return make_plan("x", from_file(file).config)


@given(texts(_TEXTS))
@settings(max_examples=150)
def test_a_changed_stack_file_is_read_or_refused(folder: Path, text: str) -> None:
    held(partial(read, folder, text))


@pytest.mark.long
@given(texts(_TEXTS, most=6))
@_LONG
def test_many_changed_stack_files_are_read_or_refused(folder: Path, text: str) -> None:
    held(partial(read, folder, text))


def read_with_site(folder: Path, text: str) -> Plan:
    """As `check` reads a stack of that site."""
    here = folder / "beside"
    (here / "sites").mkdir(parents=True, exist_ok=True)
    (here / "sites" / "x.yaml").write_text(text, encoding="utf-8", newline="")
    file = here / "Pulumi.x.yaml"
    file.write_text(f"config: {{{NAMESPACE}:site: x, {NAMESPACE}:experiment: doma, {NAMESPACE}:affix: -dev}}")
    held(partial(from_file, file, rules=judge_given))
    return make_plan("x", from_file(file).config)


@given(texts(_SITES))
@settings(max_examples=50)
def test_a_changed_site_file_is_read_or_refused(folder: Path, text: str) -> None:
    held(partial(read_with_site, folder, text))


_TREE = {
    key.removeprefix(f"{NAMESPACE}:"): value
    for key, value in fast_yaml.load(_GOOD)["config"].items()
    if not key.endswith(":secrets")
} | {
    "secrets": {
        "hashKey": f"{CANARY}-0",
        "panda": {"databasePassword": f"{CANARY}-1"},
        "iam": {"keystore": f"{CANARY}-2"},
        "certificates": {"panda": {"certificate": f"{CANARY}-3", "key": f"{CANARY}-4"}},
        "files": {"panda": {"robot.proxy": f"{CANARY}-5"}},
        "bigmon": {"providerSecrets": {"github": f"{CANARY}-6"}},
    }
}


def given_by_the_engine(folder: Path, tree: dict[str, Any]) -> Plan:
    """As the program reads what the engine hands over, in a preview, and `secrets render`."""
    values = {
        f"{NAMESPACE}:{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in tree.items()
    }
    hand = partial(from_pulumi, "x", values, [f"{NAMESPACE}:secrets"], folder=folder)
    held(partial(hand, rules=Judge()))
    config = hand().config
    for problem in warnings(config, stack="x"):
        check_words(str(problem))
    build(config)
    return make_plan("x", config)


@given(trees([_TREE]))
@settings(max_examples=100)
def test_changed_values_are_read_or_refused(folder: Path, tree: dict[str, Any]) -> None:
    held(partial(given_by_the_engine, folder, tree))


class Engine:
    """The judge: the Pulumi CLI, which reads a stack file itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **ensure(["pulumi"]).environment(),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "x",
        }
        (folder / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
        self.run("stack", "init", "x", "--no-select")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def values(self, text: str) -> dict[str, Any] | None:
        """The values of this program's keys, None for a file that the engine refuses."""
        (self.folder / "Pulumi.x.yaml").write_text(text, encoding="utf-8", newline="")
        done = self.run("config", "--json", "--show-secrets", "--stack", "x")
        if done.returncode:
            return None
        return {
            key.removeprefix(f"{NAMESPACE}:"): plain(entry.get("value", ""), whole="objectValue" in entry)
            for key, entry in json.loads(done.stdout).items()
            if key.startswith(f"{NAMESPACE}:")
        }


def plain(text: str, *, whole: bool) -> Any:
    return json.loads(text) if whole else text


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    try:
        return Engine(tmp_path_factory.mktemp("engine"))
    except ToolsError as error:
        pytest.skip(f"the engine is not available: {error}")


def agrees(engine: Engine, text: str) -> None:
    """What is not refused is what the engine reads."""
    file, problems = stackfile.parse(text)
    if problems or file.encrypted:
        return
    judged = engine.values(text)
    assert judged is not None, "the engine refuses what is taken here"
    assert {key: as_engine(value) for key, value in file.sections.items()} == judged


def as_engine(value: Any) -> Any:
    """A value as the CLI prints it: at the top as a text, below with the numbers of JavaScript."""
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value))
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


_FOR_ENGINE = [_GOOD.partition("  panda-infra:secrets:")[0]]


@pytest.mark.long
@given(texts(_FOR_ENGINE))
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_what_is_read_is_what_the_engine_reads(engine: Engine, text: str) -> None:
    agrees(engine, text)


_SCALARS = st.text("0123456789", max_size=3) | st.text(
    "0123456789+-._eExXobBinfaNtTZ: ~ylsru!'\"&*<[]{},#|>%@\ufeff\x85", max_size=8
)


@pytest.mark.long
@given(
    _SCALARS, st.sampled_from(["{}", "[{}]", "{{a: {}}}", "{{{}: a}}", "\n    b: {}\n    c: 1", "|\n    {}"])
)
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_every_scalar_is_what_the_engine_reads(engine: Engine, scalar: str, around: str) -> None:
    agrees(engine, f"config:\n  {NAMESPACE}:x: {around.format(scalar)}\n")
