"""What Argo CD's status of an Application means."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.argocd.status import REFRESH, claims_of, is_pinned, judge, problems_of
from tests.unit.argocd.examples import SOURCE, application, resource

_RUNNING = {"phase": "Running", "message": "waiting for healthy state of apps/StatefulSet/panda-server"}
_FAILED = {
    "phase": "Failed",
    "message": "one or more objects failed to apply",
    "syncResult": {"resources": [resource("Service", "panda", status="SyncFailed", message="port is taken")]},
}
_ILL = [resource("StatefulSet", "panda-server", health={"status": "Degraded", "message": "pod\n crashes"})]


def test_one_that_is_synced_and_healthy_at_its_revision_is_done() -> None:
    found = judge(application())
    assert (found.done, found.words) == (True, "is synced to 0.1.1 and healthy")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"annotations": {REFRESH: "hard"}}, "waits for Argo CD to look at it"),
        ({"compared": SOURCE | {"targetRevision": "0.1.0"}}, "waits for Argo CD to compare it"),
        ({"operation": _RUNNING}, "syncs: waiting for healthy state of apps/StatefulSet/panda-server"),
        ({"health": "Progressing"}, "is Progressing"),
    ],
)
def test_one_that_is_at_work_is_neither_done_nor_stuck(given: dict[str, Any], words: str) -> None:
    found = judge(application(**given))
    assert (found.done, found.failed, found.errors, found.stuck) == (False, False, (), False)
    assert found.words.startswith(words)


def test_a_status_of_another_revision_does_not_count() -> None:
    moved = application()
    moved["status"]["sync"]["revision"] = "0.1.0"
    assert not judge(moved).done
    branch = SOURCE | {"targetRevision": "main"}
    followed = application(compared=branch)
    followed["spec"]["source"] = branch
    assert judge(followed).done, "a branch may be at any commit"


def test_a_retry_tells_which_resource_it_is_about() -> None:
    retried = application(sync="OutOfSync", operation=_FAILED | {"phase": "Running"})
    assert judge(retried).words == "syncs: one or more objects failed to apply; Service panda: port is taken"


def test_a_failed_sync_is_reported_by_its_resource() -> None:
    found = judge(application(sync="OutOfSync", operation=_FAILED))
    assert (found.failed, found.stuck) == (True, True)
    assert found.words == "could not be synced: Service panda: port is taken"


def test_an_error_of_the_comparison_may_pass() -> None:
    condition = {"type": "ComparisonError", "message": "helm template failed:\n  bad chart"}
    warning = {"type": "SharedResourceWarning", "message": "never mind"}
    found = judge(application(conditions=[warning, condition]))
    assert found.errors == ("ComparisonError: helm template failed: bad chart",)
    assert not found.failed


def test_one_that_nobody_works_on_is_stuck() -> None:
    differing = [resource("Service", "panda", status="OutOfSync"), resource("ConfigMap", "same")]
    found = judge(application(sync="OutOfSync", resources=differing))
    assert (found.stuck, found.words) == (True, "is OutOfSync: Service panda")
    ill = judge(application(health="Degraded", resources=_ILL))
    assert ill.words == "is Degraded: StatefulSet panda-server is Degraded: pod crashes"
    assert ill.stuck


def test_problems_name_resources_and_claims_are_listed() -> None:
    claim = resource("PersistentVolumeClaim", "panda-postgres")
    differing = resource("Service", "panda", status="OutOfSync")
    found = application(resources=[*_ILL, claim, differing])
    assert problems_of(found) == [
        "StatefulSet panda-server is Degraded: pod crashes",
        "Service panda differs from its chart",
    ]
    assert claims_of(found) == ["panda-postgres"]
    assert problems_of({}) == []


def test_what_nothing_waits_for_is_not_waited_for() -> None:
    waiting = {"health": {"status": "Progressing"}}
    outside = [
        resource("Ingress", "panda", **waiting),
        resource("PersistentVolumeClaim", "unused", **waiting),
    ]
    assert judge(application(health="Progressing", resources=outside)).done
    pods = resource("StatefulSet", "panda-server", **waiting)
    assert not judge(application(health="Progressing", resources=[*outside, pods])).done
    lost = resource("PersistentVolumeClaim", "unused", health={"status": "Degraded"})
    assert not judge(application(health="Degraded", resources=[lost])).done


def test_commits_and_whole_versions_stay_the_same() -> None:
    assert is_pinned("0123456789" * 4)
    assert is_pinned("0.1.1-rc.1")
    assert not is_pinned("main")
