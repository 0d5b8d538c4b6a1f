"""The local stack on nodes where its pods really run, as far as their software can be had from packages.

The tests of this module follow one stack through its life, in the order of the file. With `--upstream-charts` they take
the charts of that checkout.
"""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from testbed import charts, instances, leftovers, stacks, state, status, waiting
from testbed.bed import Bed
from testbed.real import nodes, obstacles
from testbed.real.machines import Files
from testbed.workspace import Workspace
from tests.support import pods
from tests.support.command_line import run_in
from tests.support.stomp import RefusedError, Stomp

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "panda"
_READY = "Running, ready"
_BROKER = "activemq of panda-msgsvc"
_BROKERS_SERVICE = (_NAMESPACE, "panda-msgsvc-activemq", 61613)
_RUNNING = {
    _BROKER,
    "postgres of panda",
    "postgres of panda-idds",
    "mariadb of panda-harvester",
    "mariadb of iam-db",
    "server of panda",
    "rest of panda-idds",
}


@pytest.fixture(scope="module")
def bed(pytestconfig: pytest.Config) -> Iterator[Bed]:
    """Two real nodes beside two simulated ones."""
    if reasons := list(obstacles.found(state.root())):
        pytest.skip("; ".join(reasons))
    checkout: Path | None = pytestconfig.getoption("--upstream-charts")
    folders = charts.chosen(checkout.resolve() if checkout else None)
    with instances.running(f"real-{secrets.token_hex(4)}", nodes=2, charts=folders, real=2) as made:
        yield made


@pytest.fixture(scope="module")
def before(bed: Bed) -> frozenset[str]:
    return leftovers.of_cluster(bed)


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str], pytestconfig: pytest.Config) -> Workspace:  # noqa: ARG001 - looked at first
    checkout: Path | None = pytestconfig.getoption("--upstream-charts")
    pinned = stacks.pinned(charts.push(bed, charts.chosen(checkout.resolve() if checkout else None)))
    workspace = stacks.local(bed, bed.state / "stacks" / "local", pinned)
    result = workspace.up()
    assert result.code == 0, result.text
    return workspace


def broker(bed: Bed, account: str) -> Stomp:
    """A connection to the broker's Service with the password that an account's Secret says."""
    base = pods.secret(bed, _NAMESPACE, "panda-secrets-msgsvc-envs")["ACTIVEMQ_BASE_PASSWD"]
    return Stomp(pods.connected(bed, *_BROKERS_SERVICE), account, f"{base}_{account}")


def test_what_can_run_here_runs_and_status_tells_it_from_the_rest(bed: Bed, stack: Workspace) -> None:
    assert stack.exists
    found = pods.running(bed, _NAMESPACE, nodes.names(bed))
    assert found == dict.fromkeys(_RUNNING, _READY)
    seen = status.of(bed)
    assert seen.is_healthy
    assert set(seen.running.values()) == {_READY}
    assert len(seen.running) == len(_RUNNING)
    assert seen.pods[_READY] > 0


def test_a_message_goes_from_jedi_to_idds(bed: Bed, stack: Workspace) -> None:
    destination = pods.secret(bed, _NAMESPACE, "panda-secrets-idds-envs")["IDDS_RECEIVER_DESTINATION"]
    assert stack.exists
    with broker(bed, "idds") as reader, broker(bed, "jedi") as writer:
        reader.subscribe(destination)
        writer.publish(destination, "a task is ready")
        assert reader.receive() == "a task is ready"


def answer(bed: Bed, owner: str, service: tuple[str, int], path: str, **headers: str) -> tuple[int, bytes]:
    """What a Service answers to a client that trusts the chain of its component's certificate."""
    host, port = service
    chain = pods.secret(bed, _NAMESPACE, f"panda-secrets-{owner}-certs")["chain.pem"]
    trusting = ssl.create_default_context(cadata=chain)
    with closing(http.client.HTTPConnection(host)) as connection:
        plain = pods.connected(bed, _NAMESPACE, host, port)
        connection.sock = trusting.wrap_socket(plain, server_hostname=host)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()


def test_the_server_answers_by_the_certificates_of_the_stack(bed: Bed, stack: Workspace) -> None:
    assert stack.exists
    _, body = answer(
        bed, "panda", ("panda-server", 443), "/api/v1/system/is_alive", Accept="application/json"
    )
    assert json.loads(body)["success"] is True


def test_idds_answers_and_refuses_who_has_no_token(bed: Bed, stack: Workspace) -> None:
    assert stack.exists
    status_code, _ = answer(bed, "idds", ("panda-idds-rest", 8443), "/idds/ping")
    assert status_code == http.HTTPStatus.UNAUTHORIZED


def test_databases_answer_other_pods_by_name_with_the_passwords_of_the_secrets(
    bed: Bed, stack: Workspace
) -> None:
    assert stack.exists
    idds = pods.secret(bed, _NAMESPACE, "panda-secrets-idds-db-envs")
    postgres = 'PGPASSWORD=$1 psql -h panda-idds-postgres -U "$2" -d "$3" -Atc "SELECT current_user"'
    account = (idds["POSTGRES_USER"], idds["POSTGRES_DB"])
    selector = "app.kubernetes.io/instance=panda,app.kubernetes.io/name=postgres"

    def ask(password: str) -> str:
        return pods.run_in(bed, _NAMESPACE, selector, "sh", "-c", postgres, "sh", password, *account)

    assert ask(idds["POSTGRES_PASSWORD"]).strip() == idds["POSTGRES_USER"]
    assert "password authentication failed" in ask("another")

    harvester = pods.secret(bed, _NAMESPACE, "panda-secrets-harvester-envs")
    mariadb = 'MYSQL_PWD=$1 mariadb -h panda-harvester-mariadb -u "$2" "$3" -Ne "SELECT DATABASE()"'
    keys = ("MARIADB_PASSWORD", "MARIADB_USER", "MARIADB_DATABASE")
    selector = "app.kubernetes.io/instance=iam-db,app.kubernetes.io/name=mariadb"
    command = ("sh", "-c", mariadb, "sh", *(harvester[key] for key in keys))
    assert pods.run_in(bed, _NAMESPACE, selector, *command).strip() == harvester["MARIADB_DATABASE"]


def test_a_rotated_password_reaches_the_running_broker(bed: Bed, stack: Workspace) -> None:
    old = pods.secret(bed, _NAMESPACE, "panda-secrets-msgsvc-envs")["ACTIVEMQ_BASE_PASSWD"]
    rotated = run_in(stack.folder, stack.environment(), "secrets", "rotate", "local", "msgsvc.basePassword")
    assert rotated.exit_code == 0, rotated.output
    result = stack.up()
    assert result.code == 0, result.text
    with broker(bed, "idds"):
        pass
    with pytest.raises(RefusedError, match="password is invalid"):
        Stomp(pods.connected(bed, *_BROKERS_SERVICE), "idds", f"{old}_idds")


def test_a_second_up_changes_nothing(stack: Workspace) -> None:
    result = stack.up("--expect-no-changes")
    assert result.code == 0, result.text


def test_pods_of_a_node_that_vanishes_come_back_on_the_other(bed: Bed, stack: Workspace) -> None:
    assert stack.exists
    first, second = nodes.names(bed)
    index = 0 if _BROKER in pods.running(bed, _NAMESPACE, [first]) else 1
    other = (second, first)[index]
    nodes.remove(bed, index)
    waiting.until(
        lambda: pods.running(bed, _NAMESPACE, [other]) == dict.fromkeys(_RUNNING, _READY),
        f"all pods running on {other}",
        240,
    )
    with broker(bed, "idds") as reader, broker(bed, "jedi") as writer:
        reader.subscribe("/topic/panda_idds")
        writer.publish("/topic/panda_idds", "still there")
        assert reader.receive() == "still there"
    assert nodes.add(bed, index) == (first, second)[index]


def test_destroy_leaves_nothing(bed: Bed, stack: Workspace, before: frozenset[str]) -> None:
    result = stack.destroy()
    assert result.code == 0, result.text
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
    volumes = Files(bed.state).volumes
    waiting.until(lambda: not any(volumes.iterdir()), "the volumes' files being gone", 20)
