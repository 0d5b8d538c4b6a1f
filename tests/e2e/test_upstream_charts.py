"""Upstream's own charts, from a checkout (`--upstream-charts`): each stack comes, stays and goes with them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from panda_infra.config.scalars import read_values
from panda_infra.products.panda.product import PRODUCT
from panda_infra.products.registry import product_of_experiment
from panda_infra.tree import merged
from testbed.executables import locate
from testbed.rehearsal import rehearse
from testbed.workspace import overridden
from tests.support import fast_yaml
from tests.support.site_values import SITE, VARIANTS
from tests.support.stack_files import STACKS, stack_file
from tests.support.upstream_secrets import flat, rendered

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    checkout: Path | None = metafunc.config.getoption("--upstream-charts")
    wanted = {"stack": [name for name in STACKS if _is_pandas(name)], "variant": VARIANTS}
    for name in wanted.keys() & metafunc.fixturenames:
        metafunc.parametrize(name, wanted[name] if checkout else [])


def _is_pandas(stack: str) -> bool:
    """The checkout has the charts of PanDA alone."""
    experiment = overridden(stack_file(stack), {})["panda-infra:experiment"]
    return product_of_experiment(experiment) is PRODUCT


def test_a_stack_comes_stays_and_goes(stack: str, pytestconfig: pytest.Config) -> None:
    checkout: Path = pytestconfig.getoption("--upstream-charts")
    report = rehearse(stack_file(stack), checkout=checkout.resolve())
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]


def test_the_judge_of_imports_renders_what_upstreams_chart_renders(
    variant: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    chart = pytestconfig.getoption("--upstream-charts").resolve() / "secrets"
    text = fast_yaml.dump(merged(SITE, VARIANTS[variant]))
    (tmp_path / "site.yaml").write_text(text)
    made = subprocess.run(
        [locate()["helm"], "template", "x", chart, "--values", tmp_path / "site.yaml"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    documents = [doc for doc in fast_yaml.load_all(made.stdout) if doc and "stringData" in doc]
    theirs = flat(
        {doc["metadata"]["name"].removeprefix("x-secrets-"): doc["stringData"] for doc in documents}
    )
    defaults = read_values((chart / "values.yaml").read_text(), "")
    ours = flat(rendered(merged(defaults, read_values(text, ""))))
    # Of the databases' first statements the judge only knows the names.
    ours = {key: value for key, value in ours.items() if "-initdb" not in key}
    assert {key: theirs.get(key) for key in ours} == ours


def test_the_sites_values_have_every_key_of_upstreams_chart(
    pytestconfig: pytest.Config, variant: str
) -> None:
    folder: Path = pytestconfig.getoption("--upstream-charts")
    defaults = read_values((folder / "secrets" / "values.yaml").read_text(), "")
    assert not list(_lacking(defaults, merged(SITE, VARIANTS[variant]), ""))


def _lacking(tree: object, known: object, path: str) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            here = known.get(key) if isinstance(known, dict) else None
            if here is None:
                yield f"{path}.{key}"
            else:
                yield from _lacking(item, here, f"{path}.{key}")
