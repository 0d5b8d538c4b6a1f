"""What the guard makes of the engine's calls on releases, by what Helm has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.guard import releases as module
from panda_infra.guard.applications import Applications as GuardedApplications
from panda_infra.guard.cluster import Cluster as ConfiguredCluster
from panda_infra.guard.releases import Releases, is_release
from panda_infra.guard.words import failed
from panda_infra.live.drift import Deviation
from tests.support import fast_yaml
from tests.support.kubernetes import FakeApi, record

URN = "urn:pulumi:local::panda-infra::panda-infra:delivery:Component$kubernetes:helm.sh/v3:Release::msgsvc"
NAME = "panda-msgsvc"
SECRETS = "/api/v1/namespaces/panda/secrets"


class Reports:
    """What the operator is shown."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.statuses: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def status(self, text: str) -> None:
        self.statuses.append(text)


class Official:
    """The official plugin: notes each call, and what the records were like then."""

    def __init__(self, records: FakeApi) -> None:
        self.records = records
        self.calls: list[str] = []
        self.seen: list[list[str]] = []
        self.error: grpc.RpcError | None = None

    def __call__(self, method: str, _request: Any) -> bytes:
        self.calls.append(method)
        self.seen.append([one["metadata"]["labels"]["status"] for one in self.records.within(SECRETS)])
        if self.error:
            raise self.error
        answer: Any = {
            "Create": wire.CreateResponse(id=f"panda/{NAME}"),
            "Update": wire.UpdateResponse(),
            "Delete": wire.CreateResponse(),
        }[method]
        if method != "Delete":
            answer.properties.update({"from": method})
        packed: bytes = answer.SerializeToString()
        return packed


def properties() -> Struct:
    found = Struct()
    found.update({"namespace": "panda", "name": NAME, "timeout": 60})
    return found


class Applications(GuardedApplications):
    """Those of Argo CD, which have had the objects of one release, or have them now."""

    def __init__(self, progress: Any, cluster: Any) -> None:
        super().__init__(progress, cluster)
        self.had: str | None = None
        self.has = False
        self.handed_back: list[str] = []

    def found(self, stack: str, namespace: str, release: str) -> str | None:
        del stack, namespace, release
        return self.had

    def hand_back(self, stack: str, namespace: str, release: str, timeout: float) -> None:
        del timeout
        self.handed_back.append(f"{stack} {namespace}/{release}")

    def delivers(self, namespace: str, release: str) -> bool:
        del namespace, release
        return self.has


def guarded(reported: Reports, connect: Any, kubeconfig: Any, context: str = "") -> Releases:
    """The guard of a cluster, as the engine configures it."""
    cluster = ConfiguredCluster(connect)
    request = wire.ConfigureRequest()
    request.args.update({"kubeconfig": kubeconfig, "context": context})
    cluster.configure(request)
    return Releases(lambda _urn: reported, cluster, Applications(lambda _urn: reported, cluster))


class Cluster:
    """A guard in front of a cluster with some records."""

    def __init__(self, *secrets: dict[str, Any]) -> None:
        self.records = FakeApi()
        self.records.add(SECRETS, *secrets)
        self.reported = Reports()
        self.official = Official(self.records)
        self.releases = guarded(self.reported, lambda _kubeconfig, _context: self.records, "a kubeconfig")

    @property
    def applications(self) -> Any:
        """Those of Argo CD."""
        return self.releases._applications

    def create(self, *, preview: bool = False) -> wire.CreateResponse:
        request = wire.CreateRequest(urn=URN, properties=properties(), preview=preview)
        return self.releases.create(request, self.official)

    def update(self) -> wire.UpdateResponse:
        request = wire.UpdateRequest(urn=URN, olds=properties(), news=properties())
        return self.releases.update(request, self.official)

    def delete(self) -> None:
        self.releases.delete(wire.DeleteRequest(urn=URN, properties=properties()), self.official)

    def diff(self) -> wire.DiffResponse:
        answer = wire.DiffResponse(changes=wire.DiffResponse.DIFF_NONE)
        return self.releases.diff(wire.DiffRequest(urn=URN, olds=properties(), news=properties()), answer)


def old(status: str, revision: int = 1) -> dict[str, Any]:
    """A record that nobody works on any more: it is older than any time limit."""
    return record(NAME, revision, status)


UNFINISHED = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling", "failed"]


def test_releases_are_reported_from_other_resources() -> None:
    assert is_release(URN)
    assert not is_release("urn:pulumi:local::panda-infra::kubernetes:core/v1:Secret::x")


def test_a_release_that_is_not_there_is_installed() -> None:
    cluster = Cluster(record("other", 1, "deployed"))
    assert cluster.create().properties["from"] == "Create"
    assert cluster.official.calls == ["Create"]


@pytest.mark.parametrize("status", [*UNFINISHED, "deployed"])
def test_a_release_that_the_engine_does_not_know_is_upgraded(status: str) -> None:
    cluster = Cluster(old(status))
    made = cluster.create()
    assert cluster.official.calls == ["Update"]
    assert made.id == f"panda/{NAME}"
    assert made.properties["from"] == "Update"
    assert cluster.official.seen == [["deployed" if status == "deployed" else "failed"]]


@pytest.mark.parametrize("status", UNFINISHED)
def test_an_unfinished_release_is_settled_before_it_is_upgraded(status: str) -> None:
    cluster = Cluster(old("deployed"), old(status, 2))
    cluster.update()
    assert cluster.official.calls == ["Update"]
    assert cluster.official.seen == [["superseded", "failed"]]


@pytest.mark.parametrize("status", ["failed", "deployed"])
def test_a_failed_job_of_an_unfinished_release_runs_again(status: str) -> None:
    manifest = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: tables}\n"
    cluster = Cluster(record(NAME, 1, status, manifest))
    jobs = "/apis/batch/v1/namespaces/panda/jobs"
    over = {"conditions": [{"type": "Failed", "status": "True"}]}
    cluster.records.add(jobs, {"metadata": {"name": "tables"}, "status": over})
    cluster.update()
    forgotten = status == "failed"
    assert cluster.records.deleted == ([f"{jobs}/tables"] if forgotten else [])
    assert any("tables has failed before" in text for text in cluster.reported.warnings) == forgotten


def test_a_release_that_is_gone_is_installed_again() -> None:
    cluster = Cluster()
    assert cluster.update().properties["from"] == "Create"
    assert cluster.official.calls == ["Create"]


def test_a_release_that_is_gone_is_deleted_already() -> None:
    cluster = Cluster()
    cluster.delete()
    assert cluster.official.calls == []


def test_an_unfinished_release_is_settled_before_it_is_deleted() -> None:
    cluster = Cluster(old("deployed"), old("pending-upgrade", 2))
    cluster.delete()
    assert cluster.official.calls == ["Delete"]
    assert cluster.official.seen == [["superseded", "failed"]]


def failure(text: str = "context deadline exceeded") -> grpc.RpcError:
    class Original(grpc.RpcError):  # type: ignore[misc]
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNKNOWN

        def details(self) -> str:
            return text

        def trailing_metadata(self) -> Sequence[tuple[str, bytes]]:
            return ()

    return failed(Original(), [])


def test_a_deletion_that_fails_on_records_that_went_has_succeeded() -> None:
    cluster = Cluster(old("uninstalling"))

    def purge(_method: str, _request: Any) -> bytes:
        cluster.records.objects.clear()
        raise failure("uninstall: Failed to purge the release: release: not found")

    cluster.releases.delete(wire.DeleteRequest(urn=URN, properties=properties()), purge)


def test_a_deletion_that_fails_is_an_error_while_the_release_is_there() -> None:
    cluster = Cluster(old("deployed"))
    cluster.official.error = failure()
    with pytest.raises(grpc.RpcError):
        cluster.delete()


@pytest.mark.parametrize("status", UNFINISHED)
def test_preview_shows_an_update_where_helm_has_not_what_the_state_says(status: str) -> None:
    cluster = Cluster(old("deployed"), old(status, 2))
    shown = cluster.diff()
    assert shown.changes == wire.DiffResponse.DIFF_SOME
    assert list(shown.diffs) == ["status"]
    assert [
        NAME in text and status in text and "`pulumi up` upgrades it" in text
        for text in cluster.reported.warnings
    ] == [True]


def test_preview_shows_that_a_release_is_gone() -> None:
    cluster = Cluster()
    assert cluster.diff().changes == wire.DiffResponse.DIFF_SOME
    assert cluster.reported.warnings == [
        f"release {NAME} is not in the cluster any more: `pulumi up` installs it again"
    ]


def test_a_deployed_release_is_unchanged() -> None:
    cluster = Cluster(old("superseded"), old("deployed", 2))
    assert cluster.diff().changes == wire.DiffResponse.DIFF_NONE
    assert cluster.reported.warnings == []


@pytest.mark.parametrize(("known", "changed"), [(2, False), (1, True), (0, False)])
def test_a_revision_of_others_is_a_change(known: int, changed: bool) -> None:
    cluster = Cluster(old("superseded"), old("deployed", 2))
    olds = properties()
    olds.update({"status": {"status": "deployed", **({"revision": known} if known else {})}})
    answer = wire.DiffResponse(changes=wire.DiffResponse.DIFF_NONE)
    shown = cluster.releases.diff(wire.DiffRequest(urn=URN, olds=olds, news=properties()), answer)
    assert shown.changes == (wire.DiffResponse.DIFF_SOME if changed else wire.DiffResponse.DIFF_NONE)
    assert ["has revision 2, the last run left revision 1" in text for text in cluster.reported.warnings] == [
        True
    ] * changed


def test_preview_says_that_a_release_will_be_taken_over() -> None:
    cluster = Cluster(old("pending-install"))
    cluster.create(preview=True)
    assert cluster.official.calls == ["Create"]
    assert "takes it over and upgrades it" in cluster.reported.warnings[0]
    assert cluster.records.patched == []


def test_nothing_is_asked_of_a_cluster_that_is_still_to_be_made() -> None:
    reported = Reports()
    records = FakeApi()
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    releases = guarded(reported, lambda _kubeconfig, _context: records, unknown)
    creating = wire.CreateRequest(urn=URN, properties=properties(), preview=True)
    assert releases.create(creating, Official(records)).id == f"panda/{NAME}"


def test_the_kubeconfig_may_be_a_secret() -> None:
    given: list[tuple[str, str]] = []

    def connect(kubeconfig: str, context: str) -> FakeApi:
        given.append((kubeconfig, context))
        return FakeApi()

    hidden = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "a kubeconfig"}
    releases = guarded(Reports(), connect, hidden, "admin")
    releases.diff(wire.DiffRequest(urn=URN, olds=properties()), wire.DiffResponse())
    assert given == [("a kubeconfig", "admin")]


def test_work_of_others_is_waited_for() -> None:
    now = datetime.now(UTC).isoformat()
    cluster = Cluster(record(NAME, 1, "pending-upgrade", written=now))
    looks = 0
    listed = cluster.records.call

    def call(method: str, path: str, **more: Any) -> Any:
        nonlocal looks
        if path.endswith("/secrets"):
            looks += 1
            if looks == 2:
                cluster.records.add(path, record(NAME, 1, "deployed"))
        return listed(method, path, **more)

    cluster.records.call = call  # type: ignore[method-assign]
    cluster.update()
    assert cluster.official.seen == [["deployed"]]
    assert (
        "somebody else works on release panda-msgsvc, which is pending-upgrade"
        in cluster.reported.statuses[0]
    )


def refreshed(cluster: Cluster, *, present: bool = True) -> tuple[str, wire.DiffResponse]:
    """The release's status after a refresh, and the difference that the engine then finds."""
    answer = wire.ReadResponse(id=f"panda/{NAME}" if present else "", properties=properties())
    answer.properties.update({"status": {"status": "deployed"}})
    read = cluster.releases.read(wire.ReadRequest(urn=URN, id=f"panda/{NAME}"), answer)
    shown = cluster.releases.diff(
        wire.DiffRequest(urn=URN, olds=read.properties),
        wire.DiffResponse(changes=wire.DiffResponse.DIFF_NONE),
    )
    return read.properties["status"]["status"], shown


@pytest.mark.parametrize("found", [[], [Deviation("Deployment", "server", "is missing")]])
def test_a_refresh_looks_at_the_objects_of_a_release(
    monkeypatch: pytest.MonkeyPatch, found: list[Deviation]
) -> None:
    monkeypatch.setattr(
        module,
        "deviations",
        lambda _api, namespace, record: (
            found if (namespace, record["manifest"]) == ("panda", "a manifest") else None
        ),
    )
    cluster = Cluster(record(NAME, 1, "deployed", "a manifest"))
    status, shown = refreshed(cluster)
    assert status == ("drifted" if found else "deployed")
    assert shown.changes == (wire.DiffResponse.DIFF_SOME if found else wire.DiffResponse.DIFF_NONE)
    words = f"release {NAME} has drifted: `pulumi up --refresh` restores what\n  Deployment server is missing"
    assert cluster.reported.warnings == ([words] if found else [])


def test_a_refresh_of_a_release_that_is_gone_is_the_official_one() -> None:
    answer = wire.ReadResponse()
    cluster = Cluster()
    assert cluster.releases.read(wire.ReadRequest(urn=URN), answer) == wire.ReadResponse()


def test_an_upgrade_leaves_to_others_what_is_theirs() -> None:
    manifest = fast_yaml.dump(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "broker"},
            "spec": {"template": {"spec": {"containers": [{"name": "activemq", "image": "a:1"}]}}},
        }
    )
    cluster = Cluster(record(NAME, 1, "deployed", manifest))
    live = "/apis/apps/v1/namespaces/panda/deployments/broker"
    cluster.records.objects[live] = {"metadata": {}, "spec": {"replicas": 3}}
    wanted = properties()
    wanted.update({"values": {"activemq": {"replicaCount": 1, "ownedByOthers": ["replicaCount"]}}})
    asked: list[Any] = []

    def official(method: str, request: Any) -> bytes:
        asked.append((method, request.news["values"]["activemq"]["replicaCount"]))
        answer: bytes = wire.UpdateResponse(properties=request.news).SerializeToString()
        return answer

    done = cluster.releases.update(wire.UpdateRequest(urn=URN, olds=properties(), news=wanted), official)
    assert asked == [("Update", 3)]
    assert done.properties["values"]["activemq"]["replicaCount"] == 1


def test_a_release_that_argo_cd_delivers_now_only_loses_its_records() -> None:
    cluster = Cluster(
        record(NAME, 1, "superseded"), record(NAME, 2, "deployed"), record("other", 1, "deployed")
    )
    cluster.applications.has = True
    cluster.delete()
    assert cluster.official.calls == []
    names = [one["metadata"]["labels"]["name"] for one in cluster.records.within(SECRETS)]
    assert names == ["other"]


def test_a_release_takes_over_from_an_application_before_it_is_installed() -> None:
    cluster = Cluster()
    cluster.applications.had = "/a/path"
    cluster.create(preview=True)
    (words,) = cluster.reported.warnings
    assert "takes over what Argo CD's Application has deployed: no pod is replaced" in words
    assert cluster.applications.handed_back == []
    cluster.create()
    assert cluster.applications.handed_back == [f"local panda/{NAME}"]
    assert cluster.official.calls == ["Create", "Create"]
