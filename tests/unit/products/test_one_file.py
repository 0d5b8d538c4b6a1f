"""A component is one file: what docs/add-a-component.md promises, tried with one that does not exist."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tools import REPOSITORY

_MODULE = '''
"""A component for this test."""

from typing import Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.errors import Problem
from panda_infra.products.content import reveal
from panda_infra.products.model import ComponentSpec, Endpoint, HostCertificate, SubComponentSpec, start
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.tls import of_ingress
from panda_infra.products.workloads import Component, Replicated


class Invented(Component):
    """Something new."""

    main: Replicated = Replicated()
    """Its only part."""


class InventedSecrets(Model):
    """Secrets of something new."""

    word: Annotated[
        SecretStr | None, SecretValue(title="word of the day", make=password, secrets=("invented-envs",))
    ] = None
    """The word of the day."""


def envs(context):
    """invented-envs."""
    return {"SERVER": context.server_url, "WORD": reveal(context.secrets.of(InventedSecrets).word)}


@rule("components")
def has_two_pods(subject):
    """It does not run alone."""
    found = subject.config.components.get(Invented)
    if found and found.main.replicas < 2:
        yield Problem("components.invented.main.replicas", "is too few", "Write 2.")


COMPONENT = ComponentSpec(
    name="invented",
    title="Invention",
    about="Something new.",
    position=900,
    version="1.2.3",
    config=Invented,
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="Deployment",
            chart_image=("registry.example.org/invented", "1"),
            secrets=start("invented-envs"),
            ports=(8080,),
        ),
    ),
    needs=("panda",),
    endpoints=(
        Endpoint(
            host="invented",
            position=900,
            about="Something new.",
            key="main.ingress",
            tls="invented-tls-certs",
        ),
    ),
    secrets=InventedSecrets,
    secrets_about="Something new.",
    builders={"invented-envs": envs, "invented-tls-certs": of_ingress("invented")},
    certificate=HostCertificate("Something new."),
    rules=(has_two_pods,),
)
'''
_SCRIPT = """
import json, sys
from panda_infra.config.schema import stack_schema
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.rules.judge import Judge
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins

config = StackConfig.model_validate_json(sys.stdin.read())
plan = make_plan("demo", config)
release = plan.release("invented")
filled = config.model_copy(update={"secrets": stand_ins(config)})
print(json.dumps({
    "problems": [problem.where for problem in Judge()(config, stack="demo")],
    "release": [release.name, release.chart.version, release.after],
    "host": release.values["main"]["ingress"]["hosts"][0]["hostOverride"],
    "secret": sorted(build(filled)["invented-envs"].data),
    "described": stack_schema()["$defs"]["Hosts"]["properties"]["invented"]["description"],
}))
"""
_STACK = {
    "experiment": "local",
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
    "storage": {"class": "standard"},
    "components": {"msgsvc": {}, "panda": {}, "invented": {}},
    "hosts": {"invented": "invented.localhost"},
    "auth": {"issuer": "https://iam.site.org"},
    "cric": {"real": True, "urls": {}},
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the program with one file more makes of a stack."""
    folder = tmp_path_factory.mktemp("program")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "panda_infra", folder / "panda_infra", ignore=ignored)
    (folder / "panda_infra/products/panda/components/invented.py").write_text(_MODULE)
    result = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=folder,
        input=json.dumps(_STACK),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    made: dict[str, Any] = json.loads(result.stdout)
    return made


def test_it_is_planned(found: dict[str, Any]) -> None:
    assert found["release"] == ["panda-invented", "1.2.3", ["panda"]]
    assert found["host"] == "invented.localhost"


def test_its_secrets_are_asked_for_and_built(found: dict[str, Any]) -> None:
    assert {"secrets.invented.word", "secrets.certificates.invented.certificate"} <= set(found["problems"])
    assert found["secret"] == ["SERVER", "WORD"]


def test_its_rules_are_judged(found: dict[str, Any]) -> None:
    assert "components.invented.main.replicas" in found["problems"]


def test_it_is_documented(found: dict[str, Any]) -> None:
    assert found["described"] == "Something new."


def test_the_page_names_what_a_component_module_is_made_of() -> None:
    page = (REPOSITORY / "docs/add-a-component.md").read_text(encoding="utf-8")
    words = (
        "ComponentSpec",
        "SecretValue",
        "builders",
        "Endpoint",
        "of_ingress",
        "@rule",
        "FileGroup",
        "Imports",
    )
    for word in words:
        assert word in page, word
