"""A product is one folder: a second one that does not exist beside PanDA, and stacks that mix the two."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tools import REPOSITORY

_PRODUCT = '''
"""A product for this test."""

from panda_infra.products.imports import Upstream
from panda_infra.products.product import Experiment, Product

PRODUCT = Product(
    name="weather",
    title="Weather",
    reference="weather",
    experiments={"storms": Experiment("Storms")},
    context=lambda config: config,
    upstream=Upstream("weather-charts", "https://git.example.org/weather-charts"),
)
'''
_COMPONENT = '''
"""A component of that product."""

from panda_infra.products.model import ComponentSpec, SubComponentSpec, start
from panda_infra.products.workloads import Component, Replicated


class Radar(Component):
    """A radar."""

    main: Replicated = Replicated()
    """Its only part."""


COMPONENT = ComponentSpec(
    name="radar",
    title="Radar",
    about="Radar.",
    position=900,
    version="2.0.0",
    config=Radar,
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="Deployment",
            chart_image=("registry.example.org/radar", "1"),
            secrets=start("radar-envs"),
        ),
    ),
    builders={"radar-envs": lambda config: {"NAMESPACE": config.namespace}},
)
'''
_SCRIPT = """
import json, sys
from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.rules.judge import Judge
from panda_infra.secrets.build import build

made = {}
for name, stack in json.load(sys.stdin).items():
    config = StackConfig.model_validate_json(json.dumps(stack))
    problems = Judge()(config, stack="demo")
    made[name] = {"problems": [[each.where, each.what, each.fix] for each in problems]}
    if not problems:
        made[name]["releases"] = [release.name for release in make_plan("demo", config).releases]
        made[name]["secrets"] = {suffix: sorted(each.data) for suffix, each in build(config).items()}
print(json.dumps(made))
"""
_STACK = {
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
    "storage": {"class": "standard"},
}
_STACKS = {
    "own": {**_STACK, "experiment": "storms", "components": {"radar": {}}, "secrets": {"hashKey": "0" * 64}},
    "stranger": {**_STACK, "experiment": "storms", "components": {"radar": {}, "msgsvc": {}}},
    "panda": {**_STACK, "experiment": "local", "components": {"msgsvc": {}, "radar": {}}},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the program with a second product makes of the stacks."""
    folder = tmp_path_factory.mktemp("program")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "panda_infra", folder / "panda_infra", ignore=ignored)
    product = folder / "panda_infra/products/weather"
    (product / "components").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "product.py": _PRODUCT,
        "components/__init__.py": "",
        "components/radar.py": _COMPONENT,
    }.items():
        (product / name).write_text(text)
    result = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=folder,
        input=json.dumps(_STACKS),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_stack_of_its_own_has_nothing_of_panda(made: dict[str, Any]) -> None:
    assert made["own"] == {
        "problems": [],
        "releases": ["weather-radar"],
        "secrets": {"radar-envs": ["NAMESPACE"]},
    }


@pytest.mark.parametrize(
    ("stack", "component", "what", "fix"),
    [
        (
            "stranger",
            "msgsvc",
            "is a component of PanDA, but storms is an experiment of Weather",
            "Remove it, or name an experiment of PanDA: atlas-testbed, ctao,",
        ),
        (
            "panda",
            "radar",
            "is a component of Weather, but local is an experiment of PanDA",
            "Remove it, or name an experiment of Weather: storms.",
        ),
    ],
)
def test_a_component_of_another_product_is_one_clear_problem(
    made: dict[str, Any], stack: str, component: str, what: str, fix: str
) -> None:
    (problem,) = [each for each in made[stack]["problems"] if each[0] == f"components.{component}"]
    assert problem[1] == what
    assert problem[2].startswith(fix)
