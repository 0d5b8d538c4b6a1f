"""Upstream's own charts, installed by its script and as its Argo CD Applications do, become stacks."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed import instances
from testbed.argocd_bed import applications
from testbed.argocd_bed.bed import ArgoCd
from testbed.argocd_bed.bed import running as argo_cd
from tests.support import upstream_site
from tests.support.installation import Running

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@dataclass(frozen=True)
class _Way:
    """A way in which upstream deploys.

    ``affix`` is that of its Secrets, ``external`` the components whose database is elsewhere by the values of that
    way, each with the key that names its host; ``applications`` is a folder of `argocd-apps`, or its script deploys.
    """

    stack: str
    affix: str
    external: Mapping[str, str]
    applications: str = ""


_WAYS: Mapping[str, _Way] = {
    "script": _Way("doma", "-dev", {"panda": "dbhost", "iam": "host"}),
    "applications": _Way("doma", "", {"panda": "dbhost", "iam": "host", "idds": "host"}, "doma"),
    "testbed": _Way("atlas-testbed", "", {"panda": "dbhost", "idds": "host"}, "testbed"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    checkout: Path | None = metafunc.config.getoption("--upstream-charts")
    if "by" in metafunc.fixturenames:
        metafunc.parametrize("by", _WAYS if checkout else [], scope="module")


@pytest.fixture(scope="module")
def running(
    by: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Running]:
    """An installation in the namespace `default` of a cluster of its own."""
    folder = tmp_path_factory.mktemp(by)
    with instances.running(f"take-over-{secrets.token_hex(4)}", nodes=4) as bed:
        made, way = Running(folder, bed, "default"), _WAYS[by]
        checkout: Path = pytestconfig.getoption("--upstream-charts")
        upstream_site.site_of(checkout, made.checkout, way.stack, affix=way.affix, external=way.external)
        chart = made.checkout / "secrets"
        made.helm("install", "panda-secrets", str(chart), "-f", f"{chart}/values-secret.yaml")
        if not way.applications:
            made.run(("python", f"{made.checkout}/bin/install", "-a=-dev", "-e", "cern"))
            yield made
            return
        with argo_cd(bed) as argo:
            _by_applications(made, argo, way.applications)
            yield made


def _by_applications(running: Running, argo: ArgoCd, group: str) -> None:
    repository = argo.git.repository("panda-k8s")
    repository.copy(running.checkout / "helm", "helm")
    names = list(upstream_site.applications(running.checkout, group))
    for name in names:
        found = upstream_site.application(running.checkout, group, name, repository.url, running.namespace)
        running.api.create(applications.path(argo.namespace), found)
    applications.settle(running.api, argo.namespace, names, seconds=180)


def test_an_installation_becomes_a_stack_and_no_pod_another_one(by: str, running: Running) -> None:
    before, way = running.settled(), _WAYS[by]
    words = ["python", "-m", "panda_infra", "adopt", way.stack, "--kubeconfig", "~/.kube/config"]
    if way.applications:
        _stop_argo_cd(running, running.run(words, fails=True), way)
        text = ""
    else:
        words += ["--charts", "../panda-k8s/helm"]
        text = running.run(words)
    assert "objects that will change" not in text
    assert "canary" not in text
    running.run(("python", "-m", "panda_infra", "hand-over", way.stack, "--yes"))
    stack = ("--stack", way.stack, "--non-interactive")
    planned = json.loads(running.run(("pulumi", "preview", *stack, "--json"), quiet=True))
    assert {step["op"] for step in planned["steps"]} == {"create"}
    up = ("pulumi", "up", "--yes", "--policy-pack", "policy", *stack)
    running.run(up)
    assert running.uids() == before
    running.run((*up, "--expect-no-changes"))
    running.run(("python", "-m", "panda_infra", "status", way.stack))
    running.run(("pulumi", "stack", "rm", way.stack, "--force", "--preserve-config", "--yes"))
    assert running.uids() == before


def _stop_argo_cd(running: Running, reported: str, way: _Way) -> None:
    """The Applications are refused with the commands that take them away: those are run as they stand."""
    assert "and would undo what a stack does" in reported
    refused = running.run(("python", "-m", "panda_infra", "hand-over", way.stack, "--yes"), fails=True)
    commands = [line.strip() for line in refused.splitlines() if line.strip().startswith("kubectl")]
    assert len(commands) == 2 * len(upstream_site.applications(running.checkout, way.applications))
    for command in commands:
        subprocess.run(command, shell=True, check=True, env=running.environment, capture_output=True)
