"""The local stack on nodes where its pods really run, as far as their software can be had from packages.

The tests of this module follow one stack through its life, in the order of the file. With `--upstream-charts` they take
the charts of that checkout.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import Source
from panda_infra.clients.kubernetes.objects import items
from panda_infra.helm.records import histories, read, write
from testbed import charts, instances, leftovers, stacks, state, status, waiting
from testbed.bed import Bed
from testbed.real import nodes, obstacles
from testbed.real.machines import Files
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries, pods
from tests.support.command_line import run_in
from tests.support.stomp import RefusedError, Stomp
from tools import toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "panda"
_READY = "Running, ready"
_BROKER = "activemq of panda-msgsvc"
_BROKERS_SERVICE = (_NAMESPACE, "panda-msgsvc-activemq", 61613)
_VERIFIED = {
    "idds.alive",
    "idds.broker",
    "idds.database",
    "idds.database-login",
    "iam-db.database",
    "harvester.database",
    "msgsvc.activemq",
    "msgsvc.round-trip",
    "panda.alive",
    "panda.broker",
    "panda.database",
    "panda.database-login",
    "panda.forged-token",
    "panda.server",
}
_SIMULATED = {"bigmon.main", "bigmon.page", "iam.discovery", "panda.jedi", "panda.token", "ui.page"}
_BROKERS_DEPLOYMENT = f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq"
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
def stack(bed: Bed, before: frozenset[str], pytestconfig: pytest.Config) -> Workspace:  # noqa: ARG001 - looked at first
    checkout: Path | None = pytestconfig.getoption("--upstream-charts")
    pinned = stacks.pinned(charts.push(bed, charts.chosen(checkout.resolve() if checkout else None)))
    workspace = stacks.local(bed, bed.state / "stacks" / "local", pinned)
    result = workspace.up()
    assert result.code == 0, result.text
    return workspace


def broker(bed: Bed, account: str) -> Stomp:
    """A connection to the broker's Service with the password in an account's Secret."""
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


def verified(stack: Workspace, *options: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """The exit code of `verify`, and by name the result and the details of each check."""
    environment = stack.environment()
    helm = toolchain.ensure(["helm"]).path("helm").parent
    environment["PATH"] = os.pathsep.join([str(helm), environment["PATH"]])
    shown = run_in(stack.folder, environment, "verify", "local", "--json", *options)
    assert canaries.found_in(shown.output, canaries.values(stack.encrypted["panda-infra:secrets"])) == []
    checks = json.loads(shown.stdout)["checks"]
    return (
        shown.exit_code,
        {each["name"]: each["result"] for each in checks},
        {each["name"]: each["detail"] for each in checks},
    )


def test_verify_asks_what_really_runs_and_skips_the_rest(stack: Workspace, tmp_path: Path) -> None:
    code, results, details = verified(stack, "--junit", str(tmp_path / "verify.xml"))
    assert {name: details[name] for name, result in results.items() if result == "failed"} == {}
    assert code == INCOMPLETE
    assert {name for name, result in results.items() if result == "ok"} >= _VERIFIED
    assert {name for name, result in results.items() if result == "skipped"} >= _SIMULATED
    assert details["panda.jedi"] == "panda/jedi is simulated: nothing runs in its pods"
    assert details["panda.outside.panda"] == "panda.localhost is a name of each machine's own"
    assert details["panda.database"].startswith("PostgreSQL ")
    (suite,) = ElementTree.parse(tmp_path / "verify.xml").getroot()
    assert suite.attrib["failures"] == "0"
    assert len(suite.findall("testcase/skipped")) == sum(result == "skipped" for result in results.values())


def test_verify_is_content_with_checks_that_all_can_be_asked(stack: Workspace) -> None:
    only = [word for name in sorted(_VERIFIED) for word in ("--only", name)]
    assert verified(stack, *only)[:2] == (0, dict.fromkeys(sorted(_VERIFIED), "ok"))


def test_verify_names_what_has_stopped(bed: Bed, stack: Workspace) -> None:
    broker_scaled(bed, 0)
    code, results, details = verified(stack)
    assert code == 1
    assert {name for name, result in results.items() if result == "failed"} == {
        "msgsvc.activemq",
        "msgsvc.round-trip",
        "panda.broker",
        "idds.broker",
    }
    assert details["msgsvc.activemq"] == "0 of 0 pods are ready"
    broker_scaled(bed, 1)
    assert verified(stack, "--only", "msgsvc", "--only", "idds.broker")[0] == 0


def test_images_that_need_newer_tables_are_refused_before_anything_changes(
    bed: Bed, stack: Workspace
) -> None:
    def tables(statement: str) -> None:
        selector = "app.kubernetes.io/instance=panda,app.kubernetes.io/name=postgres"
        words = (
            "psql",
            "-h",
            "/tmp",
            "-U",
            "postgres",
            "-d",
            "panda_db",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
        )
        assert "ERROR" not in pods.run_in(bed, _NAMESPACE, selector, *words)

    tables("CREATE TABLE doma_panda.pandadb_version (component text, major int, minor int, patch int)")
    tables("ALTER TABLE doma_panda.pandadb_version OWNER TO panda")
    tables("INSERT INTO doma_panda.pandadb_version VALUES ('PanDA', 0, 0, 32)")
    refused = "needs tables of version 0.1.1 or later, and the database has 0.0.32"
    for result in (stack.preview(), stack.up()):
        assert result.code != 0
        assert refused in " ".join(result.text.split())
        assert "Traceback" not in result.text
    tables("UPDATE doma_panda.pandadb_version SET minor = 1, patch = 5")
    again = stack.up()
    assert again.code == 0, again.text
    assert changes(again.stdout) == ()


def of_bed(bed: Bed) -> KubernetesClient:
    return KubernetesClient(Source.of_file("the bed's").target(bed.kubeconfig.read_text()))


def broker_scaled(bed: Bed, replicas: int) -> None:
    """Give the broker that many pods, and wait until they are ready, or the last one has really ended."""
    api = of_bed(bed)
    deployment = api.call("PATCH", _BROKERS_DEPLOYMENT, body={"spec": {"replicas": replicas}})
    labels = deployment["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())

    def reached() -> bool:
        found = items(api, f"/api/v1/namespaces/{_NAMESPACE}/pods", labels=selector)
        return [status.condition(dict(pod)) for pod in found] == [_READY] * replicas

    waiting.until(reached, f"a broker of {replicas} pods", 180)


def test_verify_runs_the_tests_that_a_chart_brings_along(bed: Bed, stack: Workspace) -> None:
    for command, code, result in (("true", 0, "ok"), ("false", 1, "failed")):
        with_test(bed, command)
        assert verified(stack, "--only", "msgsvc.test.smoke")[:2] == (code, {"msgsvc.test.smoke": result})


def with_test(bed: Bed, command: str) -> None:
    """Add a test to Helm's record of the broker's release, as if the chart had it: a pod of the broker's image."""
    api = of_bed(bed)
    record = histories(api, _NAMESPACE)["panda-msgsvc"][-1]
    content = read(api, record)
    assert content is not None
    image = api.call("GET", _BROKERS_DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["image"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "smoke", "annotations": {"helm.sh/hook": "test"}},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "smoke", "image": image, "command": [command]}],
        },
    }
    hook = {"name": "smoke", "kind": "Pod", "path": "smoke.yaml", "manifest": json.dumps(pod), "weight": 0}
    policies = ["hook-succeeded", "hook-failed"]
    write(api, record, content | {"hooks": [hook | {"events": ["test"], "delete_policies": policies}]})


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
