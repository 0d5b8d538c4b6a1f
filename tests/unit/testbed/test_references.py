"""Every kind of reference, resolved as a kubelet resolves it."""

from typing import Any

import pytest

from testbed.references import Existing, Missing, unresolved, unresolved_by_jobs

NAMESPACE = "here"


def named(name: str, **content: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": NAMESPACE, "name": name}, **content}


EXISTING = Existing.of(
    secrets=[named("login", data={"user": "eA==", "password": "eA=="}), named("empty")],
    config_maps=[named("settings", data={"a.cfg": "x"}, binaryData={"b.bin": "eA=="})],
    claims=[named("bound", status={"phase": "Bound"}), named("waiting", status={"phase": "Pending"})],
    accounts=[named("default")],
)


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": "x", **(container or {})}]
    return named("p", spec={"serviceAccountName": "default", "containers": containers, **spec})


def found(tested: dict[str, Any]) -> list[tuple[str, str]]:
    missing = unresolved([tested], EXISTING)
    assert all((one.namespace, one.pod) == (NAMESPACE, "p") for one in missing)
    return [(one.referrer, one.what) for one in missing]


def env(field: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "V", "valueFrom": {field: {"name": name, "key": key, **more}}}]}


def test_pod_without_references_misses_nothing() -> None:
    assert found(pod()) == []


@pytest.mark.parametrize(
    "container",
    [
        env("secretKeyRef", "login", "user"),
        env("configMapKeyRef", "settings", "a.cfg"),
        env("configMapKeyRef", "settings", "b.bin"),
        env("secretKeyRef", "absent", "user", optional=True),
        env("secretKeyRef", "login", "absent", optional=True),
        env("fieldRef", "", ""),
        {"env": [{"name": "V", "value": "x"}]},
        {"envFrom": [{"secretRef": {"name": "login"}}, {"configMapRef": {"name": "settings"}}]},
        {"envFrom": [{"secretRef": {"name": "absent", "optional": True}}]},
    ],
)
def test_environment_that_resolves(container: dict[str, Any]) -> None:
    assert found(pod(container)) == []


@pytest.mark.parametrize(
    ("container", "where", "what"),
    [
        (env("secretKeyRef", "absent", "user"), "env V", "Secret absent does not exist"),
        (env("secretKeyRef", "login", "absent"), "env V", "Secret login has no key absent"),
        (env("secretKeyRef", "empty", "user"), "env V", "Secret empty has no key user"),
        (env("configMapKeyRef", "absent", "k"), "env V", "ConfigMap absent does not exist"),
        (env("configMapKeyRef", "settings", "k"), "env V", "ConfigMap settings has no key k"),
        ({"envFrom": [{"secretRef": {"name": "absent"}}]}, "envFrom", "Secret absent does not exist"),
        ({"envFrom": [{"configMapRef": {"name": "absent"}}]}, "envFrom", "ConfigMap absent does not exist"),
    ],
)
def test_environment_that_does_not_resolve(container: dict[str, Any], where: str, what: str) -> None:
    assert found(pod(container)) == [(f"container main, {where}", what)]


def test_init_containers_are_checked_too() -> None:
    init = {"name": "init", "image": "x", **env("secretKeyRef", "absent", "user")}
    assert found(pod(initContainers=[init])) == [("container init, env V", "Secret absent does not exist")]


@pytest.mark.parametrize(
    "volume",
    [
        {"secret": {"secretName": "login"}},
        {"secret": {"secretName": "login", "items": [{"key": "user", "path": "u"}]}},
        {"secret": {"secretName": "absent", "optional": True}},
        {"configMap": {"name": "settings", "items": [{"key": "b.bin", "path": "b"}]}},
        {"persistentVolumeClaim": {"claimName": "bound"}},
        {"emptyDir": {}},
        {"csi": {"driver": "cvmfs.csi.cern.ch"}},
        {
            "projected": {
                "sources": [{"serviceAccountToken": {"path": "token"}}, {"secret": {"name": "login"}}]
            }
        },
    ],
)
def test_volume_that_resolves(volume: dict[str, Any]) -> None:
    assert found(pod(volumes=[{"name": "v", **volume}])) == []


@pytest.mark.parametrize(
    ("volume", "what"),
    [
        ({"secret": {"secretName": "absent"}}, "Secret absent does not exist"),
        (
            {"secret": {"secretName": "login", "items": [{"key": "k", "path": "p"}]}},
            "Secret login has no key k",
        ),
        ({"configMap": {"name": "absent"}}, "ConfigMap absent does not exist"),
        (
            {"configMap": {"name": "settings", "items": [{"key": "k", "path": "p"}]}},
            "ConfigMap settings has no key k",
        ),
        ({"projected": {"sources": [{"secret": {"name": "absent"}}]}}, "Secret absent does not exist"),
        (
            {"projected": {"sources": [{"configMap": {"name": "settings", "items": [{"key": "k"}]}}]}},
            "ConfigMap settings has no key k",
        ),
        (
            {"persistentVolumeClaim": {"claimName": "absent"}},
            "PersistentVolumeClaim absent does not exist",
        ),
        ({"persistentVolumeClaim": {"claimName": "waiting"}}, "PersistentVolumeClaim waiting is Pending"),
    ],
)
def test_volume_that_does_not_resolve(volume: dict[str, Any], what: str) -> None:
    assert found(pod(volumes=[{"name": "v", **volume}])) == [("volume v", what)]


@pytest.mark.parametrize(
    ("volume", "path", "resolves"),
    [
        ({"secret": {"secretName": "login"}}, "user", True),
        ({"secret": {"secretName": "login"}}, "use", False),
        ({"secret": {"secretName": "login", "items": [{"key": "user", "path": "d/u"}]}}, "d", True),
        ({"secret": {"secretName": "login", "items": [{"key": "user", "path": "d/u"}]}}, "user", False),
        ({"configMap": {"name": "settings"}}, "a.cfg", True),
        ({"configMap": {"name": "settings"}}, "absent", False),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}, "token", True),
        ({"projected": {"sources": [{"downwardAPI": {"items": [{"path": "labels"}]}}]}}, "labels", True),
        ({"projected": {"sources": [{"downwardAPI": {"items": [{"path": "labels"}]}}]}}, "absent", False),
        ({"persistentVolumeClaim": {"claimName": "bound"}}, "anything", True),
        ({"emptyDir": {}}, "anything", True),
    ],
)
def test_sub_path_of_a_mount(volume: dict[str, Any], path: str, *, resolves: bool) -> None:
    container = {"volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": path}]}
    expected = [] if resolves else [("container main, mount /m", f"volume v has no path {path}")]
    assert found(pod(container, volumes=[{"name": "v", **volume}])) == expected


def test_missing_secret_is_reported_once_not_again_for_its_mounts() -> None:
    container = {"volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": "k"}]}
    tested = pod(container, volumes=[{"name": "v", "secret": {"secretName": "absent"}}])
    assert found(tested) == [("volume v", "Secret absent does not exist")]


def test_image_pull_secret_and_service_account() -> None:
    tested = pod(serviceAccountName="nobody", imagePullSecrets=[{"name": "absent"}, {"name": "login"}])
    assert found(tested) == [
        ("imagePullSecrets", "Secret absent does not exist"),
        ("serviceAccountName", "ServiceAccount nobody does not exist"),
    ]


def test_things_of_another_namespace_do_not_count() -> None:
    tested = pod(env("secretKeyRef", "login", "user"))
    tested["metadata"]["namespace"] = "elsewhere"
    assert "Secret login does not exist" in [one.what for one in unresolved([tested], EXISTING)]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_ended_pod_needs_nothing(phase: str) -> None:
    tested = pod(env("secretKeyRef", "absent", "user")) | {"status": {"phase": phase}}
    assert found(tested) == []


def test_ending_pod_needs_nothing() -> None:
    tested = pod(env("secretKeyRef", "absent", "user"))
    tested["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert found(tested) == []


def job(name: str, template: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    made = named(name, spec={"template": {"spec": template["spec"]}})
    return made | {"metadata": made["metadata"] | metadata}


def cron_job(name: str, template: dict[str, Any]) -> dict[str, Any]:
    return named(name, spec={"jobTemplate": {"spec": {"template": {"spec": template["spec"]}}}})


def test_jobs_are_judged_by_their_templates_since_their_pods_end_at_once() -> None:
    lacking = pod(env("secretKeyRef", "absent", "user"), serviceAccountName="nobody")
    missing = unresolved_by_jobs([job("once", lacking)], [cron_job("nightly", lacking)], EXISTING)
    assert [(one.pod, one.referrer) for one in missing] == [
        ("CronJob nightly", "container main, env V"),
        ("CronJob nightly", "serviceAccountName"),
        ("Job once", "container main, env V"),
        ("Job once", "serviceAccountName"),
    ]


def test_jobs_of_a_cron_job_and_ending_ones_need_nothing() -> None:
    lacking = pod(env("secretKeyRef", "absent", "user"))
    earlier = job("nightly-1", lacking, ownerReferences=[{"kind": "CronJob", "name": "nightly"}])
    ending = job("once", lacking, deletionTimestamp="2030-01-01T00:00:00Z")
    assert unresolved_by_jobs([earlier, ending], [cron_job("nightly", pod())], EXISTING) == []


def test_claim_of_a_job_may_wait_for_its_first_pod() -> None:
    def mounting(claim: str) -> dict[str, Any]:
        return pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": claim}}])

    assert unresolved_by_jobs([], [cron_job("nightly", mounting("waiting"))], EXISTING) == []
    (missing,) = unresolved_by_jobs([], [cron_job("nightly", mounting("absent"))], EXISTING)
    assert missing.what == "PersistentVolumeClaim absent does not exist"


def test_text_names_pod_place_and_object() -> None:
    text = str(Missing("ns", "p-0", "volume v", "Secret s does not exist"))
    assert text == "ns/p-0: volume v: Secret s does not exist"
