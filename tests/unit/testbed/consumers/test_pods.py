from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from testbed.consumers.pods import File, Service, containers, services
from testbed.errors import BedError


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRET = {
    "kind": "Secret",
    "metadata": {"name": "envs"},
    "data": {"HOST": encoded("a"), "no_proxy": encoded("b")},
}
MAP = {
    "kind": "ConfigMap",
    "metadata": {"name": "conf"},
    "data": {"HOST": "from map", "x.cfg": "text"},
    "binaryData": {"y.bin": base64.b64encode(b"\0\1").decode()},
}


def workload(container: dict[str, Any], volumes: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "panda-server"},
        "spec": {
            "selector": {"matchLabels": {"app": "x"}},
            "template": {
                "spec": {
                    "containers": [{"name": "server", "image": "i:1", **container}],
                    "volumes": list(volumes),
                }
            },
        },
    }


def test_single_variables_win_and_may_refer_to_earlier_ones() -> None:
    env = [
        {"name": "no_proxy", "value": "$(no_proxy),$(HOST),$(UNKNOWN),$$(HOST)"},
        {"name": "EMPTY"},
        {"name": "ONE", "valueFrom": {"secretKeyRef": {"name": "envs", "key": "HOST"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    sources = [
        {"configMapRef": {"name": "conf"}},
        {"secretRef": {"name": "envs"}},
        {"secretRef": {"name": "envs"}, "prefix": "P_"},
    ]
    objects = [
        workload({"envFrom": sources, "env": env}),
        SECRET,
        {**MAP, "data": {"HOST": "m"}, "binaryData": None},
    ]
    (container,) = containers(objects)
    assert container.environment == {
        "HOST": "a",
        "P_HOST": "a",
        "P_no_proxy": "b",
        "no_proxy": "b,a,$(UNKNOWN),$(HOST)",
        "EMPTY": "",
        "ONE": "a",
        "POD": "panda-server-0",
    }


def test_files_lie_where_they_are_mounted() -> None:
    volumes: list[dict[str, Any]] = [
        {"name": "conf", "configMap": {"name": "conf", "defaultMode": 0o755}},
        {"name": "some", "secret": {"secretName": "envs", "items": [{"key": "HOST", "path": "sub/host"}]}},
        {
            "name": "both",
            "projected": {"sources": [{"configMap": {"name": "conf"}}, {"secret": {"name": "envs"}}]},
        },
        {"name": "gone", "secret": {"secretName": "not there", "optional": True}},
        {"name": "logs", "emptyDir": {}},
    ]
    mounts = [
        {"name": "conf", "mountPath": "/one/x.cfg", "subPath": "x.cfg"},
        {"name": "some", "mountPath": "/some/"},
        {"name": "both", "mountPath": "/both"},
        {"name": "gone", "mountPath": "/gone"},
        {"name": "logs", "mountPath": "/logs"},
        {"name": "claimed", "mountPath": "/data"},
    ]
    (container,) = containers([workload({"volumeMounts": mounts}, volumes), SECRET, MAP])
    assert container.files == {
        "/one/x.cfg": File(b"text", 0o755),
        "/some/sub/host": File(b"a"),
        "/both/HOST": File(b"a"),
        "/both/no_proxy": File(b"b"),
        "/both/x.cfg": File(b"text"),
        "/both/y.bin": File(b"\0\1"),
    }
    assert "text" not in repr(container.files)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(BedError, match="secret envs, which is not there"):
        containers([workload({"envFrom": [{"secretRef": {"name": "envs"}}]})])


def test_a_service_leads_to_the_containers_port() -> None:
    service = {
        "kind": "Service",
        "metadata": {"name": "panda-server"},
        "spec": {
            "selector": {"app": "x"},
            "ports": [{"port": 80, "targetPort": "http"}, {"port": 443, "targetPort": 25443}, {"port": 5}],
        },
    }
    pod = workload({"ports": [{"name": "http", "containerPort": 25080}]})
    assert services([service, pod]) == [Service("panda-server", {80: 25080, 443: 25443, 5: 5})]
