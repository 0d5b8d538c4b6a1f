"""Argo CD reads charts from a private repository by the log-in in the stack's secrets."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from unittest import mock

import pytest

from testbed import charts
from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from testbed.command_lines import watched_arguments
from tests.support import canaries
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command
from tests.support.private_git import private

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "private-charts"
_USER, _PASSWORD = "reader-of-charts", "canary-access-token"
_USERS = documented("python -m panda_infra secrets set doma argocd.chartsUser", {"doma": "local"})
_PASSWORDS = documented("python -m panda_infra secrets set doma argocd.chartsPassword", {"doma": "local"})
# Git names the user when it asks Argo CD for the password.
_CANARY = {"argocd.chartsPassword": _PASSWORD}


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed, polling=15) as argo:
        yield argo


@pytest.fixture(scope="module")
def stack(argo: ArgoCd, bed: Bed) -> Iterator[ArgoStack]:
    """One whose charts only this log-in reads; the program has it as a person's git has it."""
    repository = argo.git.repository("private-k8s")
    revision = repository.copy(charts.FIXTURES, "helm")
    with private(repository.url, _USER, _PASSWORD) as url, mock.patch.dict(os.environ, _known_to_git(url)):
        sections = {
            "panda-infra:charts": {"kind": "git", "url": url, "revision": revision, "path": "helm"},
            "panda-infra:components": {"msgsvc": {}},
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": False},
        }
        made = ArgoStack(bed, _NAMESPACE, DELIVERED | sections)
        yield made
        made.workspace.destroy()


def _known_to_git(url: str) -> Mapping[str, str]:
    token = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    header = f"Authorization: Basic {token}"
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
        "GIT_CONFIG_VALUE_0": header,
    }


def test_without_a_log_in_argo_cd_is_refused(stack: ArgoStack) -> None:
    refused = stack.workspace.up()
    assert refused.code != 0
    assert "could not read Username" in refused.text


def store(stack: ArgoStack, command: Command, value: str) -> None:
    stored = run_in(
        stack.project, stack.workspace.environment(), *command.arguments, stdin=f"{value}\n".encode()
    )
    assert stored.exit_code == 0, stored.output
    assert value not in stored.output


def test_half_a_log_in_is_refused_before_anything_happens(stack: ArgoStack) -> None:
    store(stack, _PASSWORDS, _PASSWORD)
    refused = stack.workspace.preview()
    assert refused.code != 0
    assert "secrets.argocd.chartsUser: is missing, but chartsPassword is set" in refused.text
    assert _PASSWORD not in refused.text


def test_with_a_log_in_the_stack_is_deployed(stack: ArgoStack) -> None:
    store(stack, _USERS, _USER)
    with watched_arguments() as seen:
        done = stack.up()
    assert stack.listed("pods")
    workspace = stack.workspace
    shown = done.text + "".join(seen) + workspace.exported_state() + workspace.stack_file.read_text()
    assert canaries.found_in(shown, _CANARY) == []
    stack.up("--expect-no-changes")


def test_destroying_leaves_no_log_in_behind(stack: ArgoStack, argo: ArgoCd) -> None:
    gone = stack.workspace.destroy()
    assert gone.code == 0, gone.text
    secrets = stack.api.list(f"/api/v1/namespaces/{argo.namespace}/secrets")
    assert _PASSWORD not in str(
        [base64.b64decode(v) for each in secrets for v in each.get("data", {}).values()]
    )
