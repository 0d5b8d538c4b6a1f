from testbed.argocd_bed import applications

_HISTORY = {
    "revision": "a1",
    "deployStartedAt": "2026-01-02T03:04:05Z",
    "deployedAt": "2026-01-02T03:04:15Z",
}


def test_one_without_a_status_is_not_settled() -> None:
    status = applications.parsed({})
    assert (status.sync, status.health, status.revision, status.message, status.settled) == (
        "",
        "",
        "",
        "",
        False,
    )
    assert list(status.syncs) == []


def test_the_status_of_one_that_is_rolled_out() -> None:
    said = {
        "sync": {"status": "Synced", "revision": "a1"},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded", "message": "successfully synced"},
        "history": [_HISTORY],
    }
    status = applications.parsed({"status": said})
    assert status.settled
    (sync,) = status.syncs
    assert (sync.revision, (sync.ended - sync.began).total_seconds()) == ("a1", 10)


def test_one_whose_sync_goes_on_is_not_settled() -> None:
    said = {
        "sync": {"status": "Synced"},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Running"},
    }
    assert not applications.parsed({"status": said}).settled


def test_the_message_contains_what_was_wrong_before_any_sync() -> None:
    said = {
        "operationState": {"phase": "Failed", "message": "one object failed"},
        "conditions": [{"type": "ComparisonError", "message": "no such chart"}],
    }
    assert applications.parsed({"status": said}).message == "one object failed; no such chart"


def test_paths() -> None:
    assert applications.path("argocd").endswith("/namespaces/argocd/applications")
    assert applications.path("argocd", "panda").endswith("/applications/panda")
