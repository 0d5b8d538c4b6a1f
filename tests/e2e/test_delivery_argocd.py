"""A stack delivered by a real Argo CD: its Applications, its Secrets, and nothing left at its end.

The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from panda_infra.argocd.status import judge
from testbed import leftovers, references
from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from tests.support import canaries
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "delivered"
_COMPONENTS: dict[str, Any] = {"msgsvc": {}, "iam": {}, "iam-db": {}, "panda": {}, "ui": {}}
_HOSTS = {"panda": "panda.localhost", "iam": "iam.localhost", "ui": "ui.localhost"}
_AFTER = [("panda-msgsvc", "panda"), ("iam-db", "iam"), ("iam", "panda"), ("panda", "panda-ui")]


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed) as argo:
        yield argo


@pytest.fixture(scope="module")
def before(argo: ArgoCd, bed: Bed) -> frozenset[str]:
    del argo  # is there before
    return leftovers.of_cluster(bed)


@pytest.fixture(scope="module")
def stack(before: frozenset[str], bed: Bed) -> Iterator[ArgoStack]:
    assert before
    sections = {"panda-infra:components": _COMPONENTS, "panda-infra:hosts": _HOSTS}
    made = ArgoStack(bed, _NAMESPACE, DELIVERED | sections)
    yield made
    made.workspace.destroy()


def test_every_application_is_synced_and_healthy_in_the_declared_order(
    stack: ArgoStack, argo: ArgoCd, bed: Bed
) -> None:
    stack.up()
    found = stack.applications(argo)
    assert set(found) == {"panda-msgsvc", "iam-db", "iam", "panda", "panda-ui"}
    for name, each in found.items():
        assert each["status"]["sync"]["status"] == "Synced", name
        assert judge(each).done, (name, judge(each).words)
        assert each["spec"]["project"] == "panda-infra-local"
    for first, second in _AFTER:
        assert stack.synced(argo, first)[1] <= stack.synced(argo, second)[0], (first, second)
    assert stack.records() == set()
    assert references.check(bed, _NAMESPACE) == []


def test_up_again_changes_nothing_and_nothing_shows_a_secret(stack: ArgoStack, argo: ArgoCd) -> None:
    syncs = stack.syncs(argo)
    stack.up("--expect-no-changes")
    refreshed = stack.workspace.preview("--refresh", "--expect-no-changes")
    assert refreshed.code == 0, refreshed.text
    assert stack.syncs(argo) == syncs
    secrets = canaries.values(stack.workspace.encrypted["panda-infra:secrets"])
    shown = json.dumps(stack.applications(argo)) + stack.workspace.exported_state() + refreshed.text
    assert canaries.found_in(shown, secrets) == []


def test_a_changed_secret_replaces_its_readers_alone(stack: ArgoStack) -> None:
    before = stack.uids()
    changed = copy.deepcopy(dict(stack.workspace.encrypted["panda-infra:secrets"]))
    changed["ui"]["secretKey"] = "another-django-key-" + "0" * 40
    stack.workspace.encrypt("panda-infra:secrets", changed)
    stack.up()
    after = stack.uids()
    replaced = {name for name in before if after.get(name) != before[name]}
    assert replaced
    assert all("panda-ui-backend" in name for name in replaced), replaced


def test_a_change_by_hand_is_shown_and_taken_back(stack: ArgoStack, argo: ArgoCd) -> None:
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{argo.namespace}/applications/panda-ui"
    stack.api.merge(path, {"spec": {"syncPolicy": {"automated": None}}})
    preview = stack.workspace.preview()
    assert "somebody else changed spec.syncPolicy.automated" in preview.text
    stack.up()
    assert stack.api.get(path)["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}


def test_destroy_leaves_nothing(stack: ArgoStack, argo: ArgoCd, bed: Bed, before: frozenset[str]) -> None:
    # As a run leaves one that was killed before the engine knew of it.
    spec = stack.applications(argo)["panda-ui"]["spec"] | {"syncPolicy": {}}
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "left-by-a-killed-run"},
        "spec": spec,
    }
    stack.api.create(f"/apis/argoproj.io/v1alpha1/namespaces/{argo.namespace}/applications", body)
    result = stack.workspace.destroy()
    assert result.code == 0, result.text
    assert stack.is_gone()
    assert stack.applications(argo) == {}
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
