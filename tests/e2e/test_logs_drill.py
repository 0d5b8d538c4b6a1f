"""Logs of a stack are shipped by the OpenTelemetry Collector itself, as the stack has set it up, and found by LogsQL.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.clients.log_store import LogStoreByHttp
from panda_infra.plan.monitoring.logs import CREDENTIAL, FILE, NAME
from testbed import leftovers, ports, stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries
from tests.support.command_line import run_in
from tools import toolchain
from tools.errors import ToolsError

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "shipped"
_BASE = f"/api/v1/namespaces/{_NAMESPACE}"
_DAEMON_SET = f"/apis/apps/v1/namespaces/{_NAMESPACE}/daemonsets/{NAME}"
_ENFORCED = "pod-security.kubernetes.io/enforce"
_SECRETS = "panda-infra:secrets"
_USER, _SECONDS = "shipper", 60.0


@dataclass
class Store:
    """VictoriaLogs, which lets one user in."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    password: str = ""

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    def start(self, password: str) -> None:
        self.password = password
        (secret := self.folder / "password").write_text(password)
        self.process = subprocess.Popen(
            [
                str(program("victoria-logs")),
                f"-storageDataPath={self.folder / 'data'}",
                f"-httpListenAddr={ports.HOST}:{self.port}",
                f"-httpAuth.username={_USER}",
                f"-httpAuth.password=file://{secret}",
                "-retentionPeriod=7d",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        waiting.until(self._answers, "the store of logs", 30)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def _answers(self) -> bool:
        try:
            return self.find("error") is not None
        except requests.RequestException:
            return False

    def find(self, query: str) -> list[dict[str, Any]]:
        """The lines that a question of LogsQL finds."""
        found = requests.get(
            f"{self.url}/select/logsql/query",
            params={"query": f"{query} _time:1d"},
            auth=(_USER, self.password),
            timeout=10,
        )
        found.raise_for_status()
        return [json.loads(row) for row in found.text.splitlines()]


@dataclass
class Nodes:
    """The folder where kubelets keep what pods write, in the form of containerd."""

    folder: Path
    pods: list[Object]
    numbers: Iterator[int] = field(default_factory=count)

    def file(self, pod: Object) -> Path:
        meta = pod["metadata"]
        container: str = pod["spec"]["containers"][0]["name"]
        return self.folder / f"{_NAMESPACE}_{meta['name']}_{meta['uid']}" / container / "0.log"

    def write(self, pod: Object, *texts: str, unfinished: bool = False) -> None:
        (file := self.file(pod)).parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as log:
            for text in texts:
                moment = datetime.now(UTC) - timedelta(minutes=5) + timedelta(milliseconds=next(self.numbers))
                mark = "P" if unfinished else "F"
                log.write(f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z stdout {mark} {text}\n")

    def rotate(self, pod: Object) -> None:
        file = self.file(pod)
        file.rename(file.with_name("0.log.20261130-101112"))

    def of(self, begin: str) -> Object:
        (found, *_) = (pod for pod in self.pods if pod["metadata"]["name"].startswith(begin))
        return found


@dataclass
class Collector:
    """The collector with the stack's own configuration, its folders elsewhere."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "collector.log"

    def configure(self, text: str, credential: bytes) -> None:
        for own in ("/var/log/pods", "/credential", "/state"):
            (here := self.folder / Path(own).name).mkdir(exist_ok=True)
            # At the beginning of a path alone.
            text, replaced = re.subn(rf"(?<= ){own}(?=[/\n])", str(here), text)
            assert replaced, own
        (self.folder / FILE).write_text(text)
        self.trust(credential)

    def trust(self, credential: bytes) -> None:
        """Put the Secret's content where the kubelet would."""
        draft = self.folder / "credential" / "draft"
        draft.write_bytes(credential)
        draft.rename(draft.with_name(CREDENTIAL))

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(program("otelcol")), f"--config={self.folder / FILE}"], stdout=log, stderr=log
            )

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None


_PARTS = {"victoria-logs": "victoria-logs", "otelcol": "otel-collector"}


def program(name: str) -> Path:
    """A program that is built for this test."""
    try:
        return toolchain.ensure([_PARTS[name]]).path(name)
    except ToolsError as error:
        pytest.skip(f"{name} cannot be built: {error}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    for name in _PARTS:
        program(name)
    (port,) = ports.free(1)
    made = Store(tmp_path_factory.mktemp("store"), port)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(
    bed: Bed,
    before: frozenset[str],  # noqa: ARG001 - looked at first
    api: Api,
    store: Store,
) -> Iterator[Workspace]:
    # The namespace is somebody else's, who allows nothing at first.
    labels = {_ENFORCED: "restricted"}
    api.create("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE, "labels": labels}})
    logs = {
        "endpoint": f"{store.url}/insert/opentelemetry",
        "user": _USER,
        "search": {"kind": "victoriaLogs", "url": store.url},
    }
    sections = {
        "panda-infra:namespace": {"name": _NAMESPACE, "adopt": True},
        "panda-infra:components": {"msgsvc": {}, "panda": {}},
        "panda-infra:hosts": {},
        "panda-infra:storage": {"class": "standard"},
        "panda-infra:monitoring": {"logs": logs},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, sections)
    yield workspace
    workspace.destroy()
    if api.exists(_BASE):
        api.delete(_BASE)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    made = Collector(tmp_path_factory.mktemp("node"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def nodes(api: Api, collector: Collector, stack: Workspace) -> Nodes:
    assert stack.exists
    pods = [pod for pod in api.list(f"{_BASE}/pods") if not pod["metadata"]["name"].startswith(NAME)]
    return Nodes(collector.folder / "pods", pods)


def password(stack: Workspace) -> str:
    found: str = stack.encrypted[_SECRETS]["monitoring"]["logsPassword"]
    return found


def credential(api: Api) -> bytes:
    return b64decode(api.get(f"{_BASE}/secrets/{NAME}")["data"][CREDENTIAL])


def found(store: Store, query: str, lines: int) -> list[dict[str, Any]]:
    """The lines of a question, as soon as there are so many of them."""
    waiting.until(lambda: len(store.find(query)) >= lines, f"{lines} lines of {query}", _SECONDS)
    rows = store.find(query)
    assert len(rows) == lines
    return rows


def test_a_namespace_that_lets_no_pod_read_files_of_nodes_is_named_before_anything_is_made(
    stack: Workspace, api: Api
) -> None:
    done = stack.up()
    assert done.code != 0
    assert "monitoring.logs: its pods would read files of the nodes, which the cluster refuses" in done.text
    assert 'violates PodSecurity "restricted:latest"' in done.text
    assert not api.list(f"{_BASE}/pods")


def test_the_stack_sets_up_a_collector_on_each_node(stack: Workspace, api: Api, bed: Bed) -> None:
    api.merge(_BASE, {"metadata": {"labels": {_ENFORCED: "privileged"}}})
    done = stack.up()
    assert done.code == 0, done.text
    assert api.get(_DAEMON_SET)["spec"]["template"]["spec"]["containers"][0]["name"] == "collector"
    pods = [pod for pod in api.list(f"{_BASE}/pods") if pod["metadata"]["name"].startswith(f"{NAME}-")]
    assert len(pods) == len(api.list("/api/v1/nodes")), bed


def test_up_again_changes_nothing(stack: Workspace) -> None:
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert changes(done.stdout) == ()


def test_lines_are_found_by_their_labels(
    stack: Workspace, api: Api, store: Store, collector: Collector, nodes: Nodes
) -> None:
    store.start(password(stack))
    collector.configure(api.get(f"{_BASE}/configmaps/{NAME}")["data"][FILE], credential(api))
    for pod in nodes.pods:
        nodes.write(pod, f"{pod['metadata']['name']} starts", "and goes on")
    elsewhere = dict(nodes.pods[0], metadata=dict(nodes.pods[0]["metadata"], name="somebody-else-0"))
    nodes.write(elsewhere, "not of the stack")
    collector.start()
    rows = found(store, f'namespace:="{_NAMESPACE}" stack:="local"', 2 * len(nodes.pods))
    assert {row["release"] for row in rows} == {"panda", "panda-msgsvc"}
    (line,) = found(store, 'component:="panda" part:="postgres" starts', 1)
    pod = nodes.of("panda-postgres")
    assert line["k8s.pod.name"] == pod["metadata"]["name"]
    assert line["k8s.container.name"] == pod["spec"]["containers"][0]["name"]
    assert line["log.iostream"] == "stdout"
    assert line["service.name"] == "panda-postgres"
    assert store.find('"not of the stack"') == []


def test_verify_counts_the_lines_of_each_component(store: Store, nodes: Nodes, api: Api) -> None:
    headers = {"Authorization": f"Basic {credential(api).decode()}"}
    asked = LogStoreByHttp("victoriaLogs", store.url, headers)
    assert asked.lines(_NAMESPACE, "local", 10) == {"msgsvc": 2, "panda": 2 * (len(nodes.pods) - 1)}
    assert asked.lines(_NAMESPACE, "another", 10) == {}


def test_verify_does_not_ask_where_pods_are_simulated(stack: Workspace) -> None:
    shown = run_in(stack.folder, stack.environment(), "verify", "local", "--only", "logs.found")
    assert shown.exit_code == INCOMPLETE, shown.output
    assert "simulated" in shown.output


def test_long_lines_and_rotated_files_lose_nothing(store: Store, nodes: Nodes) -> None:
    pod = nodes.of("panda-jedi")
    nodes.write(pod, "a line in ", unfinished=True)
    nodes.write(pod, "two pieces", "last before the rotation")
    found(store, '_msg:="a line in two pieces"', 1)
    nodes.rotate(pod)
    nodes.write(pod, "first after the rotation")
    found(store, 'component:="panda" "the rotation"', 2)


def test_a_new_start_repeats_nothing_and_misses_nothing(
    store: Store, collector: Collector, nodes: Nodes
) -> None:
    known = len(store.find("*"))
    collector.stop()
    nodes.write(nodes.of("panda-server"), "while nobody looked")
    collector.start()
    found(store, '"while nobody looked"', 1)
    assert len(store.find("*")) == known + 1


def test_another_password_needs_no_new_pod(
    stack: Workspace, api: Api, store: Store, collector: Collector, nodes: Nodes
) -> None:
    before = api.get(_DAEMON_SET)["metadata"]["generation"]
    store.stop()
    # What is written while the store is away waits.
    nodes.write(nodes.of("panda-msgsvc"), "while the store was away")
    renewed: dict[str, Any] = {
        **stack.encrypted[_SECRETS],
        "monitoring": {"logsPassword": "canary-of-the-next-one"},
    }
    stack.encrypt(_SECRETS, renewed)
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert len(changes(done.stdout)) == 1, changes(done.stdout)
    assert api.get(_DAEMON_SET)["metadata"]["generation"] == before
    collector.trust(credential(api))
    store.start(password(stack))
    found(store, '"while the store was away"', 1)


def test_no_secret_is_anywhere_but_in_the_secret(
    stack: Workspace, api: Api, store: Store, collector: Collector
) -> None:
    seen = canaries.values(stack.encrypted[_SECRETS])
    objects: list[Mapping[str, Any]] = [
        api.get(_DAEMON_SET),
        *api.list(f"{_BASE}/configmaps"),
        *api.list(f"{_BASE}/pods"),
    ]
    for text in (json.dumps(objects), collector.log.read_text(), json.dumps(store.find("*"))):
        assert canaries.found_in(text, seen) == []


def test_destroy_leaves_nothing_of_it(stack: Workspace, api: Api, bed: Bed, before: frozenset[str]) -> None:
    done = stack.destroy()
    assert done.code == 0, done.text
    for path in (_DAEMON_SET, f"{_BASE}/configmaps/{NAME}", f"{_BASE}/secrets/{NAME}"):
        assert not api.exists(path)
    # The namespace is somebody else's, and so is the end of the volumes in it.
    api.delete(_BASE)
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
