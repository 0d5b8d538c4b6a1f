"""Upstream's own charts, installed by its script and as its Argo CD Applications do, become stacks."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from testbed import instances
from testbed.argocd import applications
from testbed.argocd.bed import ArgoCd
from testbed.argocd.bed import running as argo_cd
from tests.support import upstream_site
from tests.support.installation import Running

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_UP = ("pulumi", "up", "--yes", "--policy-pack", "policy", "--stack", "doma", "--non-interactive")
# Which databases are elsewhere follows from the values that each way deploys with.
_SITES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "script": ("-dev", {"panda": "dbhost", "iam": "host"}),
    "applications": ("", {"panda": "dbhost", "iam": "host", "idds": "host"}),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    checkout: Path | None = metafunc.config.getoption("--upstream-charts")
    if "by" in metafunc.fixturenames:
        metafunc.parametrize("by", ["script", "applications"] if checkout else [], scope="module")


@pytest.fixture(scope="module")
def running(
    by: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Running]:
    """An installation in the namespace `default` of a cluster of its own."""
    folder = tmp_path_factory.mktemp(by)
    with instances.running(f"take-over-{secrets.token_hex(4)}", nodes=4) as bed:
        made = Running(folder, bed, "default")
        checkout: Path = pytestconfig.getoption("--upstream-charts")
        affix, external = _SITES[by]
        upstream_site.site_of(checkout, made.checkout, affix, external)
        chart = made.checkout / "secrets"
        made.helm("install", "panda-secrets", str(chart), "-f", f"{chart}/values-secret.yaml")
        if by == "script":
            made.run(("python", f"{made.checkout}/bin/install", "-a=-dev", "-e", "cern"))
            yield made
            return
        with argo_cd(bed) as argo:
            _by_applications(made, argo)
            yield made


def _by_applications(running: Running, argo: ArgoCd) -> None:
    repository = argo.git.repository("panda-k8s")
    repository.copy(running.checkout / "helm", "helm")
    for name in upstream_site.APPLICATIONS:
        found = upstream_site.application(running.checkout, "doma", name, repository.url, running.namespace)
        running.api.create(applications.path(argo.namespace), found)
    applications.settle(running.api, argo.namespace, list(upstream_site.APPLICATIONS), seconds=180)


def test_an_installation_becomes_a_stack_and_no_pod_another_one(by: str, running: Running) -> None:
    before = running.settled()
    words = ["python", "-m", "panda_infra", "adopt", "doma", "--kubeconfig", "~/.kube/config"]
    if by == "script":
        words += ["--charts", "../panda-k8s/helm"]
    else:
        _stop_argo_cd(running, running.run(words, fails=True))
    text = running.run(words) if by == "script" else ""
    assert "objects that will change" not in text
    assert "canary" not in text
    running.run(("python", "-m", "panda_infra", "hand-over", "doma", "--yes"))
    planned = json.loads(
        running.run(("pulumi", "preview", "--stack", "doma", "--non-interactive", "--json"), quiet=True)
    )
    assert {step["op"] for step in planned["steps"]} == {"create"}
    running.run(_UP)
    assert running.uids() == before
    running.run((*_UP, "--expect-no-changes"))
    running.run(("python", "-m", "panda_infra", "status", "doma"))
    running.run(("pulumi", "stack", "rm", "doma", "--force", "--preserve-config", "--yes"))
    assert running.uids() == before


def _stop_argo_cd(running: Running, reported: str) -> None:
    """The Applications are refused with the commands that take them away: those are run as they stand."""
    assert "and would undo what a stack does" in reported
    refused = running.run(("python", "-m", "panda_infra", "hand-over", "doma", "--yes"), fails=True)
    commands = [line.strip() for line in refused.splitlines() if line.strip().startswith("kubectl")]
    assert len(commands) == 2 * len(upstream_site.APPLICATIONS)
    for command in commands:
        subprocess.run(command, shell=True, check=True, env=running.environment, capture_output=True)
