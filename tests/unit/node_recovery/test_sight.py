"""What a look at the API shows, and what silence it proves."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.node_recovery.sight import MARK, TAINT, Watch, without_taint

NOW = 1_700_000_060.0
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
        watch.look([node()], [beat("n", time)], at, NOW)[0].silent_for
        for at, time in ((0, "a"), (5, "a"), (10, "b"), (15, "b"), (25, "b"))
    ]
    assert reported == [0, 5, 0, 5, 15]


def test_what_was_not_looked_at_proves_nothing() -> None:
    watch = Watch(20)
    watch.look([node()], [beat("n", "a")], 0, NOW)
    assert watch.look([node()], [beat("n", "a")], 100, NOW)[0].silent_for == 0


def test_a_node_without_a_heartbeat_is_silent_from_the_first_look_on() -> None:
    watch = Watch(20)
    watch.look([node()], [], 0, NOW)
    assert watch.look([node()], [], 15, NOW)[0].silent_for == 15


def test_another_node_of_the_same_name_begins_anew() -> None:
    watch = Watch(20)
    watch.look([node()], [beat("n", "a")], 0, NOW)
    assert watch.look([node(metadata={"uid": "new"})], [beat("n", "a")], 10, NOW)[0].silent_for == 0


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False), ("Unknown", False)])
@pytest.mark.parametrize("spec", [{}, {"unschedulable": True}])
def test_cordoned_or_not(status: str, ready: bool, spec: dict[str, Any]) -> None:
    assert Watch(20).look([node(ready=status, spec=spec)], [], 0, NOW)[0].ready is ready


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
    assert Watch(20).look([node(**changed)], [], 0, NOW)[0].machine == machine


def test_marks_and_taints() -> None:
    ours, other = {"key": TAINT, "effect": "NoExecute"}, {"key": "gpu", "effect": "NoSchedule"}
    body = node(metadata={"annotations": {MARK: "1700000000"}}, spec={"taints": [ours, other]})
    (found,) = Watch(20).look([body], [], 0, NOW)
    assert (found.taken_out, found.out_of_service) == (60.0, True)
    assert without_taint(body) == [other]
    assert Watch(20).look([node(metadata={"annotations": {MARK: "x"}})], [], 0, NOW)[0].taken_out == NOW


def test_a_mark_is_as_old_as_it_was_watched_whatever_the_clocks_say() -> None:
    watch = Watch(20)
    body = node(metadata={"annotations": {MARK: str(NOW + 1000)}})
    ages = [
        watch.look([body], [], at, now)[0].taken_out for at, now in ((0, NOW), (5, NOW + 5), (10, NOW - 900))
    ]
    assert ages == [0, 5, 10]
    other = node(metadata={"annotations": {MARK: str(NOW - 30)}})
    assert watch.look([other], [], 15, NOW)[0].taken_out == 30


def test_masters_of_old_and_new_clusters() -> None:
    for role in ("master", "control-plane"):
        labels = {f"node-role.kubernetes.io/{role}": ""}
        assert Watch(20).look([node(metadata={"labels": labels})], [], 0, NOW)[0].control_plane
