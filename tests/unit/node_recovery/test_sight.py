"""What a look at the API shows, and what silence it proves."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.node_recovery.sight import MARK, TAINT, Watch, without_taint

UUID = "0b9e2d5a-1111-4222-8333-123456789abc"


def node(name: str = "n", ready: str = "True", **changed: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}", **changed.pop("metadata", {})}
    status = {"conditions": [{"type": "Ready", "status": ready}], **changed.pop("status", {})}
    return {"metadata": metadata, "status": status, "spec": changed.pop("spec", {})}


def beat(name: str, time: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"renewTime": time}}


def test_silence_is_what_was_watched() -> None:
    watch = Watch(20)
    reported = [
        watch.look([node()], [beat("n", time)], at)[0].silent_for
        for at, time in ((0, "a"), (5, "a"), (10, "b"), (15, "b"), (25, "b"))
    ]
    assert reported == [0, 5, 0, 5, 15]


def test_what_was_not_looked_at_proves_nothing() -> None:
    watch = Watch(20)
    watch.look([node()], [beat("n", "a")], 0)
    assert watch.look([node()], [beat("n", "a")], 100)[0].silent_for == 0


def test_a_node_without_a_heartbeat_is_silent_from_the_first_look_on() -> None:
    watch = Watch(20)
    watch.look([node()], [], 0)
    assert watch.look([node()], [], 15)[0].silent_for == 15


def test_another_node_of_the_same_name_begins_anew() -> None:
    watch = Watch(20)
    watch.look([node()], [beat("n", "a")], 0)
    assert watch.look([node(metadata={"uid": "new"})], [beat("n", "a")], 10)[0].silent_for == 0


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False), ("Unknown", False)])
@pytest.mark.parametrize("spec", [{}, {"unschedulable": True}])
def test_cordoned_or_not(status: str, ready: bool, spec: dict[str, Any]) -> None:
    assert Watch(20).look([node(ready=status, spec=spec)], [], 0)[0].ready is ready


@pytest.mark.parametrize(
    ("changed", "machine"),
    [
        ({"spec": {"providerID": f"openstack:///{UUID}"}}, UUID),
        ({"spec": {"providerID": f"openstack://cern/{UUID}"}}, UUID),
        ({"spec": {"providerID": f"aws:///{UUID}"}, "status": {"nodeInfo": {"systemUUID": UUID}}}, ""),
        ({"status": {"nodeInfo": {"systemUUID": UUID.upper()}}}, UUID),
        ({"status": {"nodeInfo": {"systemUUID": ""}}}, ""),
        ({}, ""),
    ],
)
def test_the_machine_of_a_node(changed: dict[str, Any], machine: str) -> None:
    assert Watch(20).look([node(**changed)], [], 0)[0].machine == machine


def test_marks_and_taints() -> None:
    ours, other = {"key": TAINT, "effect": "NoExecute"}, {"key": "gpu", "effect": "NoSchedule"}
    body = node(metadata={"annotations": {MARK: "1700000000"}}, spec={"taints": [ours, other]})
    (found,) = Watch(20).look([body], [], 0)
    assert (found.taken_out, found.out_of_service) == (1_700_000_000.0, True)
    assert without_taint(body) == [other]
    assert Watch(20).look([node(metadata={"annotations": {MARK: "x"}})], [], 0)[0].taken_out == 0


def test_masters_of_old_and_new_clusters() -> None:
    for role in ("master", "control-plane"):
        labels = {f"node-role.kubernetes.io/{role}": ""}
        assert Watch(20).look([node(metadata={"labels": labels})], [], 0)[0].control_plane
