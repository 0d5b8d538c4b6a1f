"""Who may do what at an Argo CD that a stack has installed, asked of its real API server."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from testbed import waiting
from testbed.api import Api
from testbed.argocd_bed.bed import ArgoCd, beside_installation
from testbed.bed import Bed
from testbed.workspace import PROJECT, Workspace
from tests.support.argocd_api import ArgoCdApi
from tests.support.installs_argocd import HOST, made, reported, stored
from tests.support.oidc import Provider, provider

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_READY_WITHIN = 120.0  # seconds, after the first `up`
_PROJECTS = "/api/v1/projects"
_OWN = {"version": "2.13.6", "host": HOST}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    groups = {"an-operator": ["panda", "panda/operators"], "a-member": ["panda"]}
    with provider(("panda-argocd", "secret-of-the-client"), groups) as running:
        yield running


@pytest.fixture(scope="module")
def argocd(bed: Bed) -> Iterator[ArgoCd]:
    with beside_installation(bed) as running:
        yield running


@pytest.fixture(scope="module")
def stack(bed: Bed, argocd: ArgoCd, issuer: Provider) -> Iterator[Workspace]:
    # The issuer as PanDA's own settings name it: without the slash.
    auth = {"issuer": issuer.issuer.rstrip("/")}
    workspace = made(bed, "argo-people", argocd=_OWN, auth=auth)
    done = workspace.up()
    assert done.code == 0, done.text
    server = ArgoCdApi(argocd.server, HOST)
    waiting.until(lambda: _answers(server), "Argo CD's API server", _READY_WITHIN)
    yield workspace
    done = workspace.destroy()
    assert done.code == 0, done.text


@pytest.fixture
def server(stack: Workspace, argocd: ArgoCd) -> ArgoCdApi:  # noqa: ARG001 - it must be deployed
    return ArgoCdApi(argocd.server, HOST)


def _answers(server: ArgoCdApi) -> bool:
    try:
        return server.status("/healthz") == HTTPStatus.OK
    except OSError:
        return False


def pods_of_the_server(bed: Bed) -> dict[str, str]:
    """The annotations in the template of the API server's pods about what they read at their start."""
    deployment = Api(bed.kubeconfig).get("/apis/apps/v1/namespaces/argocd/deployments/argocd-server")
    annotations: dict[str, str] = deployment["spec"]["template"]["metadata"]["annotations"]
    return annotations


def new_project(name: str) -> dict[str, object]:
    return {"project": {"metadata": {"name": name}, "spec": {}}}


def test_the_generated_password_lets_the_administrator_do_everything(
    stack: Workspace, server: ArgoCdApi
) -> None:
    token = server.log_in("admin", stored(stack, "adminPassword"))
    assert token
    assert all(server.may(token, action) for action in ("get", "create", "sync", "delete"))
    assert server.status(_PROJECTS, token, new_project("made-by-admin")) == HTTPStatus.OK


def test_the_reader_may_look_and_touch_nothing(stack: Workspace, server: ArgoCdApi) -> None:
    token = server.log_in("reader", stored(stack, "readerPassword"))
    assert token
    assert server.may(token, "get")
    assert server.status("/api/v1/applications", token) == HTTPStatus.OK
    assert not any(server.may(token, action) for action in ("create", "update", "sync", "delete"))
    assert server.status(_PROJECTS, token, new_project("made-by-reader")) == HTTPStatus.FORBIDDEN


def test_nobody_else_gets_in(stack: Workspace, server: ArgoCdApi) -> None:
    assert not server.log_in("admin", stored(stack, "readerPassword"))
    assert server.status("/api/v1/applications") == HTTPStatus.UNAUTHORIZED


def test_the_running_server_leaves_nothing_for_the_next_run_to_undo(stack: Workspace) -> None:
    for again in (stack.up("--expect-no-changes"), stack.preview("--refresh", "--expect-no-changes")):
        assert again.code == 0, again.text


def test_another_password_ends_the_sessions(stack: Workspace, server: ArgoCdApi) -> None:
    former = stored(stack, "adminPassword")
    token = server.log_in("admin", former)
    reported(stack, ("secrets", "rotate", "doma", "argocd.adminPassword"))
    done = stack.up()
    assert done.code == 0, done.text
    refused = HTTPStatus.UNAUTHORIZED
    waiting.until(lambda: server.status("/api/v1/applications", token) == refused, "the session's end", 30)
    assert not server.log_in("admin", former)
    assert server.log_in("admin", stored(stack, "adminPassword"))


def test_groups_of_the_issuer_decide_once_people_log_in_there(
    bed: Bed, stack: Workspace, argocd: ArgoCd, server: ArgoCdApi, issuer: Provider
) -> None:
    former = pods_of_the_server(bed)
    password = stored(stack, "adminPassword")
    login = {"clientId": issuer.client[0]}
    stack.configure({f"{PROJECT}:argocd": {**_OWN, "login": login, "operators": ["panda/operators"]}})
    reported(stack, ("secrets", "set", "doma", "argocd.clientSecret"), stdin=issuer.client[1].encode())
    done = stack.up()
    assert done.code == 0, done.text
    # By this the pods are replaced: without it, a server would answer with former settings too.
    assert pods_of_the_server(bed) != former
    argocd.restart_server()
    assert not server.log_in("admin", password)
    operator, member = server.log_in_at(issuer, "an-operator"), server.log_in_at(issuer, "a-member")
    assert all(server.may(operator, action) for action in ("get", "create", "sync", "delete"))
    assert server.may(member, "get")
    assert not any(server.may(member, action) for action in ("create", "update", "sync", "delete"))
    assert server.status(_PROJECTS, member, new_project("made-by-member")) == HTTPStatus.FORBIDDEN
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text
