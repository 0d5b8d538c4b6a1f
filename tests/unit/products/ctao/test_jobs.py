"""How long the jobs of CTAO's DPPS may take, and how often they are tried."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.products.ctao import jobs
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, shipped_chart
from tests.support import ctao, fast_yaml
from tools import REPOSITORY
from tools.errors import ToolsError
from tools.toolchain import ensure

_JOBS = [name for name, spec in components_of(PRODUCTS["ctao"]).items() if spec.chart_name == jobs.CHART]
_MINUTES, _HOURS = 60, 60 * 60


@pytest.fixture(scope="module")
def helm() -> Path:
    try:
        return ensure(["helm"]).path("helm")
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")


def made(helm: Path, component: str, **sections: Any) -> list[dict[str, Any]]:
    release = make_plan("ctao", ctao.stack(**sections)).release(component)
    chart = REPOSITORY / shipped_chart(COMPONENTS[component])
    command = [str(helm), "template", release.name, str(chart), "--values", "-"]
    done = subprocess.run(
        command, input=fast_yaml.dump(release.values), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [each["spec"] for each in fast_yaml.load_all(done.stdout) if each and each["kind"] == "Job"]


@pytest.mark.parametrize("component", _JOBS)
def test_a_job_ends_though_what_it_waits_for_never_comes(helm: Path, component: str) -> None:
    """C26: upstream's jobs wait in loops without an end, and are tried again without one."""
    (job,) = made(helm, component)
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (10 * _MINUTES, 3)


def test_a_migration_has_half_a_day_and_is_never_tried_again_by_itself(helm: Path) -> None:
    """C26: tables that are half migrated wait for somebody to look at them."""
    migrating = {**ctao.COMPONENTS, "rucio-bootstrap": {"settings": {"migrate": True}}}
    kept = {"to": {"kind": "claim", "size": "1Gi"}}
    (job,) = made(helm, "rucio-bootstrap", components=migrating, backup=kept)
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (12 * _HOURS, 0)


def test_every_job_of_the_product_is_of_this_chart() -> None:
    """What another chart runs as a Job would have a deadline of its own, or none."""
    workloads = {
        name
        for name, spec in components_of(PRODUCTS["ctao"]).items()
        for sub in spec.sub_components
        if sub.workload == "Job"
    }
    assert workloads == set(_JOBS)
    assert len(_JOBS) == 4
