"""The test bed itself: what the other end-to-end tests take for granted."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from testbed import bed as beds
from testbed import charts, executables, nodes, pki, ports, processes, references, state, status, waiting
from testbed.api import Api, Object
from testbed.control_plane import Files, kubeconfig
from testbed.errors import BedError
from tests.support import fast_yaml

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30.0


@pytest.fixture
def api(bed: beds.Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    name = f"testbed-{secrets.token_hex(4)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    waiting.until(
        lambda: exists(api, f"/api/v1/namespaces/{name}/serviceaccounts/default"), "account", PATIENCE
    )
    yield name
    api.delete(f"/api/v1/namespaces/{name}")


def exists(api: Api, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name in {item["metadata"]["name"] for item in api.list(folder)}


def create_pod(
    api: Api, namespace: str, name: str, annotations: dict[str, str] | None = None, **spec: Any
) -> None:
    body = {
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"containers": [{"name": "main", "image": "x"}], **spec},
    }
    api.create(f"/api/v1/namespaces/{namespace}/pods", body)


def create_claim(api: Api, namespace: str, name: str, storage_class: str | None = None, **spec: Any) -> None:
    request = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    if storage_class:
        request["storageClassName"] = storage_class
    body = {"metadata": {"name": name}, "spec": request}
    api.create(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", body)


def claim(api: Api, namespace: str, name: str) -> Object:
    return api.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")


def mounting(claim_name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}]}


def condition_of(api: Api, namespace: str, pod: str) -> str:
    return status.condition(api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}"))


def await_condition(api: Api, namespace: str, pod: str, condition: str) -> None:
    waiting.until(lambda: condition_of(api, namespace, pod) == condition, f"{pod}: {condition}", PATIENCE)


def await_bound(api: Api, namespace: str, name: str) -> str:
    """The name of the volume that the claim is bound to, once it is."""
    waiting.until(
        lambda: claim(api, namespace, name)["status"]["phase"] == "Bound", f"{name} bound", PATIENCE
    )
    volume: str = claim(api, namespace, name)["spec"]["volumeName"]
    return volume


def seconds(pod: Object, first: str, last: str) -> float:
    """Between two conditions of a pod; the API has whole seconds."""
    at = {
        one["type"]: datetime.fromisoformat(one["lastTransitionTime"]) for one in pod["status"]["conditions"]
    }
    return (at[last] - at[first]).total_seconds()


# Instances


@pytest.mark.alone
def test_two_start_side_by_side_and_leave_nothing() -> None:
    names = [f"e2e-{secrets.token_hex(4)}" for _ in range(2)]

    def start(one: str) -> float:
        began = time.monotonic()
        beds.start(one, nodes=2)
        return time.monotonic() - began

    try:
        with ThreadPoolExecutor() as pool:
            durations = list(pool.map(start, names))
        assert max(durations) < 15
        found = [beds.find(one) for one in names]
        assert all(one is not None and one.dead() == [] for one in found)
        assert len({one.registry for one in found if one}) == 2
    finally:
        for one in names:
            beds.stop(one)
    for one in names:
        assert processes.alive(state.folder(one)) == {}
        assert not state.folder(one).exists()
        assert beds.find(one) is None


@pytest.fixture(scope="module")
def restarted() -> Iterator[tuple[beds.Bed, set[int]]]:
    """An instance whose first start was killed, and the processes that were left then."""
    name = f"e2e-{secrets.token_hex(4)}"
    folder = state.folder(name)
    try:
        with subprocess.Popen([sys.executable, "-m", "testbed", "start", name], cwd=ROOT) as starter:
            waiting.until(
                lambda: "kube-apiserver" in processes.alive(folder).values(), "the API server", PATIENCE
            )
            starter.send_signal(signal.SIGKILL)
        left = set(processes.alive(folder))
        assert left
        assert beds.find(name) is None
        yield beds.start(name, nodes=0), left
    finally:
        beds.stop(name)


def test_killed_start_is_cleared_by_the_next(restarted: tuple[beds.Bed, set[int]]) -> None:
    bed, left = restarted
    assert bed.dead() == []
    assert processes.alive(bed.state).keys().isdisjoint(left)


def test_second_authority_is_trusted_without_a_restart(restarted: tuple[beds.Bed, set[int]]) -> None:
    """As Magnum needs it, which makes an authority of its own for every cluster."""
    bed, _ = restarted
    join = Files(bed.state).join
    other = pki.Authority.fresh("other")
    with (join / "client-ca.crt").open("ab") as trusted:
        trusted.write(other.pair.certificate)
    other.server("kube-apiserver", [ports.HOST]).write(join / "apiserver")
    user = other.client("somebody", "system:masters")
    config = fast_yaml.load(kubeconfig((join / "url").read_text(), other.pair.certificate, user))
    del config["clusters"][0]["cluster"]["tls-server-name"]
    path = bed.state / "other.kubeconfig"
    path.write_text(fast_yaml.dump(config))
    waiting.until(Api(path).is_ready, "the second authority's client being let in", PATIENCE)
    assert Api(bed.kubeconfig).is_ready()


def test_dead_part_is_reported_by_status(restarted: tuple[beds.Bed, set[int]]) -> None:
    bed, _ = restarted
    os.kill(bed.pids["kube-scheduler"], signal.SIGKILL)
    waiting.until(lambda: bed.dead() == ["kube-scheduler"], "the scheduler's end", PATIENCE)
    reported = subprocess.run(
        [sys.executable, "-m", "testbed", "status", bed.name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert reported.returncode == 1
    assert "kube-scheduler.log" in reported.stdout


def test_second_start_of_one_name_is_refused(bed: beds.Bed) -> None:
    with pytest.raises(BedError, match="runs already"):
        beds.start(bed.name)
    assert bed.dead() == []


# What Magnum makes


def test_nodes_are_named_and_ready_as_magnums(api: Api, bed: beds.Bed) -> None:
    workers = nodes.names(bed)
    found = {node["metadata"]["name"]: node for node in api.list("/api/v1/nodes")}
    assert len(workers) == 4
    stack = workers[0].removesuffix("-node-0")
    assert workers == [f"{stack}-node-{index}" for index in range(4)]
    assert found.keys() == {*workers, f"{stack}-master-0"}
    assert all(map(nodes.is_ready, found.values()))


def test_nodes_send_heartbeats(api: Api) -> None:
    """Or the controllers would take all of them for lost every 50 seconds, and their pods for not ready."""
    nodes_of_api = {node["metadata"]["name"] for node in api.list("/api/v1/nodes")}
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    waiting.until(
        lambda: {lease["metadata"]["name"] for lease in api.list(leases)} == nodes_of_api,
        "a lease per node",
        10,
    )


def test_ingress_settings_are_untouched(api: Api) -> None:
    path = "/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller"
    assert "allow-snippet-annotations" not in api.get(path)["data"]
    assert exists(api, "/apis/networking.k8s.io/v1/ingressclasses/nginx")


def test_node_joins_fails_and_vanishes(api: Api, bed: beds.Bed) -> None:
    before = nodes.names(bed)
    stack = before[0].removesuffix("-node-0")
    assert nodes.add(bed) == [f"{stack}-node-4"]
    assert nodes.replace(bed, f"{stack}-node-4") == f"{stack}-node-5"
    nodes.set_ready(bed, f"{stack}-node-5", False)
    assert nodes.names(bed) == [*before, f"{stack}-node-5"]
    assert not nodes.is_ready(api.get(f"/api/v1/nodes/{stack}-node-5"))
    nodes.set_ready(bed, f"{stack}-node-5", True)
    waiting.until(lambda: nodes.all_ready(api, 6), "all nodes ready", PATIENCE)
    nodes.remove(bed, f"{stack}-node-5")
    assert nodes.names(bed) == before


# Pods


def test_delay_is_honoured(api: Api, namespace: str) -> None:
    create_pod(api, namespace, "at-once")
    create_pod(api, namespace, "delayed", {"testbed.panda-infra/ready-after": "3s"})
    for pod in ("at-once", "delayed"):
        await_condition(api, namespace, pod, "Running, ready")
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert seconds(api.get(f"{pods}/at-once"), "Initialized", "Ready") <= 1
    assert 3 <= seconds(api.get(f"{pods}/delayed"), "Initialized", "Ready") <= 5


def test_never_ready_runs_unready(api: Api, namespace: str) -> None:
    create_pod(api, namespace, "never", {"testbed.panda-infra/never-ready": "true"})
    create_pod(api, namespace, "later", {"testbed.panda-infra/ready-after": "1s"})
    await_condition(api, namespace, "later", "Running, ready")
    assert condition_of(api, namespace, "never") == "Running, not ready"


def test_rollouts_and_jobs_complete(api: Api, namespace: str) -> None:
    template: Object = {
        "metadata": {"labels": {"app": "a"}, "annotations": {"testbed.panda-infra/ready-after": "500ms"}},
        "spec": {"containers": [{"name": "main", "image": "x"}]},
    }
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": template}
    apps = f"/apis/apps/v1/namespaces/{namespace}"
    api.create(f"{apps}/deployments", {"metadata": {"name": "a"}, "spec": spec})
    api.create(f"{apps}/statefulsets", {"metadata": {"name": "a"}, "spec": {**spec, "serviceName": "a"}})
    work = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    work["metadata"] = {"annotations": template["metadata"]["annotations"]}
    batch = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    api.create(batch, {"metadata": {"name": "a"}, "spec": {"template": work}})

    for path in (f"{apps}/deployments/a", f"{apps}/statefulsets/a"):
        waiting.until(lambda path=path: api.get(path)["status"].get("readyReplicas") == 2, path, PATIENCE)  # type: ignore[misc]
    waiting.until(lambda: api.get(f"{batch}/a")["status"].get("succeeded") == 1, "the job", PATIENCE)

    api.merge(f"{apps}/deployments/a", {"spec": {"template": {"metadata": {"labels": {"new": "yes"}}}}})
    waiting.until(lambda: rolled_out(api.get(f"{apps}/deployments/a")), "the rollout of the change", PATIENCE)
    # A running job's pod is held by a finalizer of the job's controller: it must go all the same.
    work["metadata"] = {"annotations": {"testbed.panda-infra/never-ready": "true"}}
    api.create(batch, {"metadata": {"name": "endless"}, "spec": {"template": work}})
    pods = f"/api/v1/namespaces/{namespace}/pods"

    def endless() -> list[Object]:
        return [pod for pod in api.list(pods) if pod["metadata"]["name"].startswith("endless")]

    waiting.until(lambda: bool(endless()), "the endless job's pod", PATIENCE)
    api.delete(f"{batch}/endless?propagationPolicy=Background")
    waiting.until(lambda: not endless(), "the end of the endless job's pod", PATIENCE)


def rolled_out(deployment: Object) -> bool:
    found = deployment["status"]
    return bool(
        found.get("observedGeneration") == deployment["metadata"]["generation"]
        and found.get("updatedReplicas") == found.get("readyReplicas") == found.get("replicas") == 2
    )


# Volumes


def test_claim_of_the_default_class_is_bound_and_its_volume_goes_with_it(api: Api, namespace: str) -> None:
    create_claim(api, namespace, "data")
    volume = await_bound(api, namespace, "data")
    assert claim(api, namespace, "data")["spec"]["storageClassName"] == "standard"
    api.delete(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/data")
    waiting.until(
        lambda: not exists(api, f"/api/v1/persistentvolumes/{volume}"), "the volume's end", PATIENCE
    )


def test_shared_claim_is_bound(api: Api, namespace: str) -> None:
    create_claim(api, namespace, "logs", "manila-meyrin-cephfs", accessModes=["ReadWriteMany"])
    await_bound(api, namespace, "logs")


def test_waiting_claim_is_bound_only_for_a_pod(api: Api, namespace: str) -> None:
    create_claim(api, namespace, "waiting", "local-wait")
    create_claim(api, namespace, "witness")
    await_bound(api, namespace, "witness")
    assert claim(api, namespace, "waiting")["status"]["phase"] == "Pending"
    create_pod(api, namespace, "user", **mounting("waiting"))
    volume = await_bound(api, namespace, "waiting")
    await_condition(api, namespace, "user", "Running, ready")
    api.delete(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/waiting")
    assert "deletionTimestamp" in claim(api, namespace, "waiting")["metadata"]
    api.delete(f"/api/v1/namespaces/{namespace}/pods/user")
    waiting.until(
        lambda: not exists(api, f"/api/v1/persistentvolumes/{volume}"), "the volume's end", PATIENCE
    )


def test_claim_with_a_selector_is_refused(api: Api, namespace: str) -> None:
    create_claim(api, namespace, "choosy", selector={"matchLabels": {"a": "b"}})

    def refused() -> bool:
        events = api.list(f"/api/v1/namespaces/{namespace}/events")
        return any("Selector is not supported" in event["message"] for event in events)

    waiting.until(refused, "the refusal", PATIENCE)
    assert claim(api, namespace, "choosy")["status"]["phase"] == "Pending"


# References


def test_every_kind_of_missing_reference_is_found(api: Api, bed: beds.Bed, namespace: str) -> None:
    api.create(
        f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": "have"}, "data": {"k": "eA=="}}
    )
    create_claim(api, namespace, "pending", "local-wait")

    def reading(field: str, target: str, key: str) -> dict[str, Any]:
        source = {field: {"name": target, "key": key}}
        return {"name": "main", "image": "x", "env": [{"name": "V", "valueFrom": source}]}

    main = {"name": "main", "image": "x"}
    breaking: dict[str, dict[str, Any]] = {
        "secret": {"containers": [reading("secretKeyRef", "none", "k")]},
        "secret-key": {"containers": [reading("secretKeyRef", "have", "none")]},
        "config": {"containers": [reading("configMapKeyRef", "none", "k")]},
        "from": {"containers": [{**main, "envFrom": [{"secretRef": {"name": "none"}}]}]},
        "volume": {"volumes": [{"name": "v", "secret": {"secretName": "none"}}]},
        "item": {
            "volumes": [{"name": "v", "secret": {"secretName": "have", "items": [{"key": "z", "path": "z"}]}}]
        },
        "projected": {
            "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "none"}}]}}]
        },
        "sub-path": {
            "containers": [{**main, "volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": "z"}]}],
            "volumes": [{"name": "v", "secret": {"secretName": "have"}}],
        },
        "pull": {"imagePullSecrets": [{"name": "none"}]},
        "claim": mounting("none"),
        "claim-pending": {**mounting("pending"), "nodeSelector": {"no": "where"}},
    }
    template = {
        "restartPolicy": "Never",
        "containers": [reading("secretKeyRef", "none", "k")],
        "serviceAccountName": "nobody",
    }
    cron_job = {
        "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": template}}}},
    }
    api.create(f"/apis/batch/v1/namespaces/{namespace}/cronjobs", cron_job)
    create_pod(api, namespace, "fine", containers=[reading("secretKeyRef", "have", "k")])
    for pod, spec in breaking.items():
        create_pod(api, namespace, pod, **spec)
    missing = references.check(bed, namespace)
    assert sorted({one.pod for one in missing}) == sorted([*breaking, "CronJob nightly"])
    # The simulated kubelet does not mind, which is why the checker exists.
    await_condition(api, namespace, "secret", "Running, ready")

    shown = subprocess.run(
        [sys.executable, "-m", "testbed", "status", bed.name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    assert all(str(one) in shown.stdout for one in missing)


# Charts


def test_chart_is_published_and_found_by_helm(bed: beds.Bed, tmp_path: Path) -> None:
    name = f"chart-{secrets.token_hex(4)}"
    (tmp_path / "Chart.yaml").write_text(
        fast_yaml.dump({"apiVersion": "v2", "name": name, "version": "1.2.3"})
    )
    (published,) = charts.push(bed, [tmp_path])
    assert published.reference == f"{bed.chart_repository}/{name}"
    assert published.version == "1.2.3"
    helm = executables.locate()["helm"]
    shown = subprocess.run(
        [helm, "show", "chart", published.reference, "--version", "1.2.3"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert fast_yaml.load(shown.stdout)["name"] == name


def test_bad_chart_is_refused_in_helms_words(bed: beds.Bed, tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: [")
    with pytest.raises(BedError, match="helm package"):
        charts.push(bed, [tmp_path])
