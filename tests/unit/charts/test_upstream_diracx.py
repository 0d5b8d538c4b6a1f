"""Upstream's chart of DiracX, from a checkout (`--diracx-charts`): what its pods get, and why it is not used.

Each difference has a reason here. One that appears or disappears wants a look at
docs/decisions/0022-dirac-by-our-chart.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.plan.make import make_plan
from panda_infra.secrets.build import build
from panda_infra.secrets.generate import stand_ins
from panda_infra.tree import merged
from tests.support import ctao, upstream_dirac
from tests.support.given import Given, of_objects
from tools import REPOSITORY

pytestmark = pytest.mark.long

_PARTS = {
    "server": "wms-diracx",
    "web": "wms-diracx-web",
    "redis": "wms-diracx-task-redis",
    "scheduler": "wms-diracx-task-scheduler",
    **{f"worker-{size}": f"wms-diracx-task-worker-{size}" for size in ("small", "medium", "large")},
    "cleanup": "wms-cleanup-authdb",
}
_DIFFERENCES = {
    "no variable DIRACX_OTEL_ENABLED": "it is off without it; `monitoring.traces` turns it on",
    "no variable DIRACX_OTEL_GRPC_ENDPOINT": "traces are sent by HTTP",
    "no variable DIRACX_OTEL_GRPC_INSECURE": "traces are sent by HTTP",
    "no variable DIRACX_SERVICE_AUTH_ACCESS_TOKEN_EXPIRE_MINUTES": "DiracX' own default is shorter",
    "no variable DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES": "DiracX' own default",
    "no variable GIT_SSL_NO_VERIFY": "certificates are verified (C46)",
    "no file /pre-run-hook.sh": "it installs packages for developers, and is not asked for where it is not there",
    "no file /scripts/cleanup-authdb": "the command is in the arguments",
    "no file /data/": "Redis keeps nothing on disk",
    "no probe start": "`alive` leaves a program five minutes to start",
    "server: diracx.routers:create_app is diracx.routers.factory:create_app": "its place in DiracX 0.7",
    "scheduler: diracx-task-run is diracx-tasks": "its name in DiracX 0.7",
    "worker: diracx-task-run is diracx-tasks": "its name in DiracX 0.7",
    "cleanup: not by a CronJob": "a program that runs it each day; a failure is seen as one of its pod",
    "redis: started with a configuration": "it has the password, which upstream's Redis does not ask for",
}
# What starts a program: the image's environment, the first process, shells.
_STARTS = {
    *("/usr/local/bin/_entrypoint.sh", "tini", "--", "bash", "/bin/bash", "/entrypoint.sh"),
    *("/etc/diracx/diracx.sh", "/etc/diracx/daily.sh"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    upstream_dirac.give_chart(metafunc)


@pytest.fixture(scope="module")
def ours() -> dict[str, Given]:
    config = ctao.stack()
    config = config.model_copy(update={"secrets": stand_ins(config)})
    plan = make_plan("ctao", config)
    release = plan.release("diracx")
    assert release.chart.folder
    made = [(plan.names.secret(suffix), key) for suffix, each in build(config).items() for key in each.data]
    objects = upstream_dirac.render(REPOSITORY / release.chart.folder, release.name, release.values)
    found = of_objects(objects, made)
    return {part: found[plan.names.workload("diracx", part)] for part in _PARTS}


@pytest.fixture(scope="module")
def theirs(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Given]:
    """As CTAO deploys it, by the values of the chart `wms`."""
    wms = upstream_dirac.wms(tmp_path_factory.mktemp("wms"))
    given = yaml.safe_load((wms / "values.yaml").read_text())["diracx"]
    objects = upstream_dirac.render(chart, "wms", merged(given, {"rabbitmq": {"enabled": False}}))
    found = of_objects(objects, upstream_dirac.made_by_jobs(objects))
    return {part: found[name] for part, name in _PARTS.items()}


def test_each_program_gets_what_upstreams_chart_gives(
    ours: Mapping[str, Given], theirs: Mapping[str, Given]
) -> None:
    assert "DIRACX_DB_URL_AUTHDB" in theirs["server"].variables
    found = {text for part in _PARTS for text in _differences(part, ours[part], theirs[part])}
    assert found == set(_DIFFERENCES)


def _differences(part: str, ours: Given, theirs: Given) -> Iterator[str]:
    yield from (f"no variable {name}" for name in theirs.variables - ours.variables)
    yield from (f"no file {path}" for path in theirs.files - ours.files)
    yield from (f"{part}: no port {port}" for port in theirs.ports - ours.ports)
    for name, probe in theirs.probes.items():
        if name not in ours.probes:
            yield f"no probe {name}"
        elif ours.probes[name] != probe:
            yield f"{part}: probe {name} is {ours.probes[name]}, not {probe}"
    if part == "cleanup":
        yield "cleanup: not by a CronJob"
    elif ours.command and not theirs.command:
        yield f"{part}: started with a configuration"
    else:
        words, own = _words(theirs), _words(ours)
        assert len(words) == len(own), (words, own)
        kind = part.partition("-")[0]
        yield from (
            f"{kind}: {one} is {other}" for one, other in zip(words, own, strict=True) if one != other
        )


def _words(given: Given) -> list[str]:
    texts = (text for word in given.command if word not in _STARTS for text in word.split("=", 1))
    return list(texts)


def test_the_cleanup_is_upstreams_command(chart: Path, ours: Mapping[str, Given]) -> None:
    (script,) = chart.rglob("_cleanup-authdb.sh.tpl")
    assert " ".join(_words(ours["cleanup"])) in script.read_text()


def test_the_databases_are_those_of_upstream(theirs: Mapping[str, Given], ours: Mapping[str, Given]) -> None:
    wanted = {name for name in theirs["server"].variables if name.startswith("DIRACX_DB_URL_")}
    assert wanted <= ours["server"].variables


# What follows is why the chart is not used. A test that fails here asks for a new decision.


def _names(objects: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(each["kind"], each["metadata"]["name"]) for each in objects}


def test_two_renders_differ_by_the_names_of_jobs(chart: Path) -> None:
    """C2, C7: even with every job off that can be."""
    # Three characters are at random: four renders have one name in a billion cases alone.
    renders = [_names(upstream_dirac.render(chart, "one", upstream_dirac.DIRACX)) for _ in range(4)]
    differing = renders[0].union(*renders) - renders[0].intersection(*renders)
    assert {kind for kind, _ in differing} == {"Job"}
    assert all(name.startswith("one-validate-config-1-") for _, name in differing)


def test_two_releases_need_the_same_names(chart: Path) -> None:
    """2.6: one namespace can have one installation."""
    one, other = (
        _names(upstream_dirac.render(chart, name, upstream_dirac.DIRACX)) for name in ("one", "two")
    )
    assert ("Secret", "diracx-secrets") in one & other
    assert ("ConfigMap", "diracx-container-entrypoint") in one & other


def test_settings_with_credentials_become_a_secret_of_helm(chart: Path) -> None:
    """C46, C47: there is no value for an existing Secret in its place."""
    text = "a-credential-of-the-site"
    settings = {"diracx": {"settings": {"DIRACX_SANDBOX_STORE_S3_CLIENT_KWARGS": text}}}
    objects = upstream_dirac.render(chart, "one", merged(upstream_dirac.DIRACX, settings))
    (secret,) = (each for each in objects if each["metadata"]["name"] == "diracx-secrets")
    assert text in secret["stringData"].values()
    template = (chart / "templates" / "diracx" / "secrets.yaml").read_text()
    assert "if" not in template.replace("diracx.settings", "").split()
