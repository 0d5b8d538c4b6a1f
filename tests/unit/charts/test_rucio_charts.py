"""The fixtures of Rucio's charts do what upstream's do, where a checkout of these is given (`--rucio-charts`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.pod_identities import accounts
from panda_infra.products.registry import COMPONENTS, shipped_chart
from testbed.charts import FIXTURES
from tests.support import ctao
from tests.unit.charts.rendering import Objects, Renderer
from tools import REPOSITORY

_OF_UPSTREAM = ("rucio", "rucio-daemons")
_PULL = {"imagePullSecrets": [{"name": "pull"}], "imageRegistry": "harbor.site.org/proxy"}
_PLACED = {
    "tolerations": [{"key": "ctao", "operator": "Exists"}],
    "nodeSelector": {"role": "dpps"},
    "resources": {"requests": {"cpu": "1"}},
}
_SETS: dict[str, dict[str, Any]] = {
    "as usual": {},
    "every daemon": {
        "rucio-daemons": {
            sub.name.title().replace("-", "")[0].lower() + sub.name.title().replace("-", "")[1:]: {
                "enabled": True,
                "replicas": 2,
            }
            for sub in COMPONENTS["rucio-daemons"].sub_components
        }
    },
    "placed": {"rucio": {"server": _PLACED}, "rucio-daemons": {"reaper": _PLACED}},
    "with a robot": {"rucio-daemons": {"settings": {"robot": "CN=Robot: DPPS,O=CTAO,DC=cta,DC=org"}}},
    "pulled": {name: {"values": _PULL} for name in _OF_UPSTREAM},
    "tuned": {
        "rucio": {
            "values": {"httpd_config": {"keep_alive": "On"}, "config": {"common": {"loglevel": "INFO"}}}
        },
        "rucio-daemons": {"values": {"config": {"common": {"loglevel": "INFO"}}}},
    },
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Of a test that compares, nothing is collected without a checkout."""
    checkout: Path | None = metafunc.config.getoption("--rucio-charts")
    upstream = {"upstream": checkout / "charts"} if checkout else {}
    if "rucio_charts" in metafunc.fixturenames:
        metafunc.parametrize("rucio_charts", upstream.values(), ids=upstream.keys())
    if "each_source" in metafunc.fixturenames:
        sources = {"fixture": FIXTURES} | upstream
        metafunc.parametrize("each_source", sources.values(), ids=sources.keys())


def values(component: str, name: str) -> dict[str, Any]:
    components = {**ctao.COMPONENTS, **_SETS[name]}
    plan = make_plan("ctao", ctao.stack(components=components))
    rolled = {"podAnnotations": {"panda-infra/secrets-hash": "0123"}}
    release = plan.release(component)
    first = COMPONENTS[component].sub_components[0].name
    part = release.values[first] | rolled
    return COMPONENTS[component].in_chart_form(release.values | {first: part})


def facts(objects: Objects) -> dict[str, Any]:
    """What a deployment depends on, without labels that describe the chart."""
    found: dict[str, Any] = {}
    for key, each in objects.items():
        if not key.startswith("Deployment/"):
            found[key] = {name: each.get(name) for name in ("data", "spec") if name in each}
            continue
        spec = dict(each["spec"])
        container = spec["template"]["container"]
        # The order and what the images alone read.
        kept = ("RUCIO_CFG_DATABASE_DEFAULT", "PANDA_INFRA_SECRETS_HASH", "RUCIO_DAEMON", "RUCIO_ENABLE_SSL")
        variables = {entry["name"]: entry for entry in container["env"]}
        found[key] = {
            "replicas": spec["replicas"],
            "annotations": {**spec["template"]["metadata"]["annotations"], "checksum/config": ""},
            "image": container["image"],
            "environment": {name: variables[name] for name in kept if name in variables},
            "httpd": {name: entry for name, entry in variables.items() if name.startswith("RUCIO_HTTPD_")},
            "mounts": container["mounts"],
            "resources": container.get("resources"),
            "pod": spec["template"].get("pod"),
        }
    return found


@pytest.mark.parametrize("name", _SETS)
@pytest.mark.parametrize("component", _OF_UPSTREAM)
def test_a_fixture_equals_upstream(renderer: Renderer, rucio_charts: Path, component: str, name: str) -> None:
    chart, release = COMPONENTS[component].chart_name, f"ctao-{component}"
    given = values(component, name)
    ours, theirs = (
        facts(renderer.render(folder / chart, release, given)) for folder in (FIXTURES, rucio_charts)
    )
    assert ours == theirs


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Every description of a pod in an object."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        value = list(value.values())
    for below in value if isinstance(value, list) else ():
        yield from pods(below)


_MIGRATES = {"rucio-bootstrap": {"settings": {"migrate": True, "backup": "before"}}}


@pytest.mark.parametrize(
    ("changed", "expected"), [({}, set()), (_MIGRATES, {"rucio-bootstrap"})], ids=["as usual", "migrates"]
)
def test_no_pod_mounts_the_token_of_the_api_that_needs_none(
    renderer: Renderer, each_source: Path, changed: dict[str, Any], expected: set[str]
) -> None:
    """C43: a pod without an account of its own would mount that of the namespace's account `default`."""
    daemons = {"rucio-daemons": _SETS["every daemon"]["rucio-daemons"]}
    plan = make_plan("ctao", ctao.stack(components={**ctao.COMPONENTS, **daemons, **changed}))
    mounting, seen = set(), 0
    for release in plan.releases:
        spec = COMPONENTS[release.component]
        chart = REPOSITORY / shipped_chart(spec) if spec.ships else each_source / spec.chart_name
        values = spec.in_chart_form(release.values)
        for pod in pods(renderer.documents(chart, release.name, values)):
            seen += 1
            unused = pod.get("serviceAccountName") in accounts(plan)
            if pod.get("automountServiceAccountToken", not unused):
                mounting.add(release.component)
    assert mounting == expected
    assert seen > len(COMPONENTS["dirac"].sub_components) + len(COMPONENTS["rucio-daemons"].sub_components)
