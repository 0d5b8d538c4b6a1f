"""A release that was left half done becomes one that Helm goes on from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config import go_yaml
from panda_infra.helm.records import decode, histories
from panda_infra.helm.settle import settle, superset
from tests.support import fast_yaml
from tests.support.kubernetes import FakeApi, record

SECRETS = "/api/v1/namespaces/panda/secrets"


def document(name: str, **spec: Any) -> str:
    content = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
    return f"---\n# Source: chart/{name}.yaml\n{go_yaml.dump(content)}"


def objects(manifest: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one["spec"] for one in fast_yaml.load_all(manifest) if one}


def having(*records: dict[str, Any]) -> FakeApi:
    api = FakeApi()
    api.add(SECRETS, *records)
    return api


def settled(*secrets: dict[str, Any]) -> tuple[dict[int, str], dict[str, Any]]:
    """The statuses by revision, and the objects of the newest record's manifest."""
    api = having(*secrets)
    settle(api, histories(api, "panda")["panda"])
    records = histories(api, "panda")["panda"]
    newest = decode(api.objects[records[-1].path]["data"]["release"])
    assert newest["info"]["status"] == records[-1].status
    return {one.revision: one.status for one in records}, objects(newest["manifest"])


@pytest.mark.parametrize("status", ["pending-install", "failed", "uninstalling"])
def test_a_first_revision_is_failed_and_keeps_its_manifest(status: str) -> None:
    statuses, found = settled(record("panda", 1, status, document("server", replicas=1)))
    assert statuses == {1: "failed"}
    assert found == {"server": {"replicas": 1}}


@pytest.mark.parametrize("status", ["pending-upgrade", "failed", "pending-rollback"])
def test_helm_will_start_from_all_that_may_be_in_the_cluster(status: str) -> None:
    before = document("server", replicas=1, removedByTheChange=True) + document("switched-off", replicas=1)
    after = document("server", replicas=2, addedByTheChange=True) + document("new", replicas=1)
    statuses, found = settled(record("panda", 1, "deployed", before), record("panda", 2, status, after))
    assert statuses == {1: "superseded", 2: "failed"}
    assert found == {
        "server": {"replicas": 2, "removedByTheChange": True, "addedByTheChange": True},
        "switched-off": {"replicas": 1},
        "new": {"replicas": 1},
    }


def test_every_unfinished_revision_counts() -> None:
    _, found = settled(
        record("panda", 1, "superseded", document("long-gone")),
        record("panda", 2, "deployed", document("first")),
        record("panda", 3, "failed", document("second")),
        record("panda", 4, "pending-upgrade", document("third")),
    )
    assert set(found) == {"first", "second", "third"}


def test_a_settled_release_that_fails_again_keeps_what_it_knew() -> None:
    _, found = settled(
        record("panda", 1, "superseded", document("first")),
        record("panda", 2, "failed", document("first") + document("second")),
        record("panda", 3, "failed", document("third")),
    )
    assert set(found) == {"first", "second", "third"}


def test_a_deployed_release_is_left_alone() -> None:
    api = having(record("panda", 1, "failed"), record("panda", 2, "deployed"))
    settle(api, histories(api, "panda")["panda"])
    assert api.patched == []


def test_settling_may_be_killed_between_its_two_steps() -> None:
    before, after = document("old"), document("new")
    api = having(record("panda", 1, "deployed", before), record("panda", 2, "pending-upgrade", after))

    class KilledError(Exception):
        pass

    original = api.call

    def dying(method: str, path: str, **more: Any) -> Any:
        if method == "PATCH" and api.patched:
            raise KilledError
        return original(method, path, **more)

    api.call = dying  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        settle(api, histories(api, "panda")["panda"])
    api.call = original  # type: ignore[method-assign]
    settle(api, histories(api, "panda")["panda"])
    records = histories(api, "panda")["panda"]
    assert [one.status for one in records] == ["superseded", "failed"]
    newest = decode(api.objects[f"{SECRETS}/sh.helm.release.v1.panda.v2"]["data"]["release"])
    assert set(objects(newest["manifest"])) == {"old", "new"}


def test_named_items_are_merged_by_name_and_other_lists_are_the_later_ones() -> None:
    before = document("server", containers=[{"name": "a", "env": [1]}, {"name": "gone"}], args=["x"])
    after = document("server", containers=[{"name": "new"}, {"name": "a", "image": "i"}], args=["y"])
    assert objects(superset(before, after))["server"] == {
        "containers": [{"name": "new"}, {"name": "a", "env": [1], "image": "i"}, {"name": "gone"}],
        "args": ["y"],
    }


def test_texts_that_look_like_something_else_stay_texts() -> None:
    spec = {"on": "yes", "day": "2026-11-28", "mode": "0644", "number": "1e3"}
    both = superset(document("a", **spec, more=1), document("a", **spec))
    assert objects(both)["a"] == spec | {"more": 1}


_FIELDS = st.dictionaries(st.sampled_from("abcd"), st.integers() | st.text(max_size=5), max_size=4)


@given(st.dictionaries(st.sampled_from("xyz"), _FIELDS), st.dictionaries(st.sampled_from("xyz"), _FIELDS))
def test_nothing_of_either_is_missing(before: dict[str, Any], after: dict[str, Any]) -> None:
    both = objects(
        superset(
            "".join(document(name, **spec) for name, spec in before.items()),
            "".join(document(name, **spec) for name, spec in after.items()),
        )
    )
    assert both == {name: before.get(name, {}) | after.get(name, {}) for name in before.keys() | after.keys()}
