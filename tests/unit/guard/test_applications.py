"""What the guard makes of the engine's calls on Applications of Argo CD."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.argocd.status import REFRESH
from panda_infra.guard import applications as module
from panda_infra.guard.applications import Applications, is_application
from panda_infra.guard.cluster import Cluster
from panda_infra.plan.argocd_names import UNDELETED
from panda_infra.plan.protection import KEEP
from tests.support.kubernetes import FakeApi, record
from tests.unit.argocd.examples import PATH, application, resource
from tests.unit.guard.test_releases import Reports

_URN = "urn:pulumi:test::panda-infra::panda-infra:delivery:Component$kubernetes:argoproj.io/v1alpha1:Application::panda"
_ALL = "/apis/argoproj.io/v1alpha1/applications"
_CLAIMS = "/api/v1/namespaces/panda/persistentvolumeclaims"
_SECRETS = "/api/v1/namespaces/panda/secrets"


class Api(FakeApi):
    """A cluster whose Argo CD acts when it is asked to look again, or to sync."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[Callable[[dict[str, Any]], None]] = []

    def call(self, method: str, path: str, **more: Any) -> Any:
        answer = super().call(method, path, **more)
        body = more.get("body") or {}
        asked = REFRESH in ((body.get("metadata") or {}).get("annotations") or {}) or "operation" in body
        if method == "PATCH" and path == PATH and asked:
            live = self.objects[PATH]
            (live["metadata"].get("annotations") or {}).pop(REFRESH, None)
            live.pop("operation", None)
            if self.acts:
                self.acts.pop(0)(live)
        return answer


class Scene:
    """A guard in front of a cluster with Argo CD."""

    def __init__(self, live: dict[str, Any] | None, **given: Any) -> None:
        self.api = Api()
        if live is not None:
            self.api.objects[PATH] = live
        self.reported = Reports()
        self.calls: list[str] = []
        self.wanted = application(**given)
        del self.wanted["status"]
        cluster = Cluster(lambda _kubeconfig, _context: self.api)
        request = wire.ConfigureRequest()
        request.args.update({"kubeconfig": "a kubeconfig"})
        cluster.configure(request)
        self.guard = Applications(lambda _urn: self.reported, cluster)

    def official(self, method: str, _request: Any) -> bytes:
        """Like the plugin: writes the Application, or deletes it."""
        self.calls.append(method)
        if method == "Delete":
            del self.api.objects[PATH]
            return b""
        live = self.api.objects.setdefault(PATH, application(sync="OutOfSync", health="Missing"))
        live |= {key: deepcopy(value) for key, value in self.wanted.items()}
        answer: Any = {"Create": wire.CreateResponse(id="argocd/panda"), "Update": wire.UpdateResponse()}[
            method
        ]
        answer.properties.CopyFrom(struct(live))
        packed: bytes = answer.SerializeToString()
        return packed

    def create(self, *, preview: bool = False, timeout: float = 5) -> wire.CreateResponse:
        request = wire.CreateRequest(
            urn=_URN, properties=struct(self.wanted), preview=preview, timeout=timeout
        )
        return self.guard.create(request, self.official)

    def update(self) -> wire.UpdateResponse:
        wanted = struct(self.wanted)
        request = wire.UpdateRequest(id="argocd/panda", urn=_URN, olds=wanted, news=wanted, timeout=5)
        return self.guard.update(request, self.official)

    def delete(self) -> None:
        request = wire.DeleteRequest(urn=_URN, properties=struct(self.wanted), timeout=5)
        self.guard.delete(request, self.official)

    def diff(self) -> wire.DiffResponse:
        answer = wire.DiffResponse(changes=wire.DiffResponse.DIFF_NONE)
        wanted = struct(self.wanted)
        return self.guard.diff(wire.DiffRequest(urn=_URN, olds=wanted, news=wanted), answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL", 0.01)
    monkeypatch.setattr(module, "_LOOKS_AGAIN", 0.02)
    monkeypatch.setattr(module, "_PATIENCE", 0.1)


def struct(value: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made


def becomes(**status: Any) -> Callable[[dict[str, Any]], None]:
    """Argo CD gives an Application this status."""

    def act(live: dict[str, Any]) -> None:
        live["status"] = application(**status)["status"]

    return act


def test_applications_are_reported_from_other_resources() -> None:
    assert is_application(_URN)
    assert not is_application("urn:pulumi:local::panda-infra::kubernetes:core/v1:Secret::x")


def test_one_is_awaited_until_argo_cd_has_deployed_it() -> None:
    scene = Scene(None)
    scene.api.acts = [becomes()]
    made = scene.create()
    assert made.id == "argocd/panda"
    assert "status" not in MessageToDict(made.properties)
    assert scene.calls == ["Create"]


def test_the_words_of_argo_cd_are_the_progress() -> None:
    scene = Scene(None)
    scene.api.acts = [becomes(health="Progressing")]
    with pytest.raises(grpc.RpcError):
        scene.create(timeout=0.1)
    assert "Application panda is Progressing" in scene.reported.statuses


def test_one_that_does_not_become_ready_fails_with_its_resources_message_and_stays_in_the_state() -> None:
    scene = Scene(None)
    ill = [resource("StatefulSet", "panda-server", health={"status": "Degraded", "message": "pod crashes"})]
    scene.api.acts = [becomes(health="Degraded", resources=ill)]
    with pytest.raises(grpc.RpcError) as failure:
        scene.create(timeout=0.1)
    error: Any = failure.value
    assert "StatefulSet panda-server is Degraded: pod crashes" in error.details()
    assert "ErrorResourceInitFailed" in str(error.trailing_metadata()[0][1])


def test_an_error_that_passes_is_no_failure_and_one_that_stays_is() -> None:
    broken = becomes(conditions=[{"type": "ComparisonError", "message": "chart is broken"}])
    scene = Scene(None)
    scene.api.acts = [broken, broken, becomes()]
    scene.create()
    scene = Scene(None)
    scene.api.acts = [broken]
    with pytest.raises(grpc.RpcError) as failure:
        scene.create()
    error: Any = failure.value
    assert error.details().startswith("Application panda ComparisonError: chart is broken")


def test_a_sync_that_had_failed_is_tried_once_more() -> None:
    failed = {"phase": "Failed", "startedAt": "2026-01-01T00:00:00Z", "message": "not applied"}
    again = failed | {"startedAt": "2026-01-01T00:01:00Z"}
    scene = Scene(application(sync="OutOfSync", operation=failed))
    scene.api.acts = [lambda _live: None, becomes()]
    scene.update()
    scene = Scene(application(sync="OutOfSync", operation=failed))
    scene.api.acts = [lambda _live: None, becomes(sync="OutOfSync", operation=again)]
    with pytest.raises(grpc.RpcError) as failure:
        scene.update()
    error: Any = failure.value
    assert "could not be synced: not applied" in error.details()


def test_one_that_is_gone_is_made_again() -> None:
    scene = Scene(None)
    scene.api.acts = [becomes()]
    scene.update()
    assert scene.calls == ["Create"]


def test_claims_of_a_protected_stack_are_marked_even_if_the_sync_fails() -> None:
    scene = Scene(None, annotations={KEEP: "true"})
    claim = {"metadata": {"name": "panda-postgres"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    scene.api.add(_CLAIMS, claim)
    ill = {"health": "Degraded", "resources": [resource("PersistentVolumeClaim", "panda-postgres")]}
    scene.api.acts = [becomes(**ill)]
    with pytest.raises(grpc.RpcError):
        scene.create(timeout=0.1)
    assert scene.api.objects[f"{_CLAIMS}/panda-postgres"]["metadata"]["annotations"] == UNDELETED


def test_a_preview_tells_of_the_release_that_is_taken_over() -> None:
    scene = Scene(None)
    scene.api.add(_SECRETS, record("panda", 1, "deployed"))
    scene.create(preview=True)
    (words,) = scene.reported.warnings
    assert "no pod is replaced and nothing is deleted but Helm's own record" in words


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (None, "is not in the cluster any more"),
        (
            application(sync="OutOfSync", resources=[resource("Service", "x", status="OutOfSync")]),
            "Service x",
        ),
        (application(health="Degraded"), "it is Degraded"),
    ],
)
def test_a_difference_is_shown_by_every_preview(live: dict[str, Any] | None, words: str) -> None:
    scene = Scene(live)
    answer = scene.diff()
    assert answer.changes == wire.DiffResponse.DIFF_SOME
    (warning,) = scene.reported.warnings
    assert words in warning


def test_a_setting_that_somebody_changed_is_named_and_one_that_was_added_is_left() -> None:
    live = application()
    live["spec"]["source"] = live["spec"]["source"] | {"targetRevision": "0.2.0"}
    scene = Scene(live)
    assert scene.diff().changes == wire.DiffResponse.DIFF_SOME
    assert "somebody else changed spec.source.targetRevision of it" in scene.reported.warnings[0]
    updated = application()
    for source in (updated["spec"]["source"], updated["status"]["sync"]["comparedTo"]["source"]):
        source["helm"]["parameters"] = [{"name": "server.image.tag", "value": "1.1"}]
    assert Scene(updated).diff().changes == wire.DiffResponse.DIFF_NONE
    quiet = Scene(application(health="Progressing"))
    assert quiet.diff().changes == wire.DiffResponse.DIFF_NONE


def test_its_deletion_takes_all_but_its_data() -> None:
    scene = Scene(application(annotations={KEEP: "true"}), annotations={KEEP: "true"})
    claim = {
        "metadata": {"name": "data-panda-0", "labels": {"app.kubernetes.io/instance": "panda"}},
        "spec": {"accessModes": ["ReadWriteOnce"]},
    }
    scene.api.add(_CLAIMS, claim)
    scene.delete()
    assert scene.calls == ["Delete"]
    assert scene.api.objects[f"{_CLAIMS}/data-panda-0"]["metadata"]["annotations"] == UNDELETED
    finalizers = [body["metadata"]["finalizers"] for path, body in scene.api.patched if path == PATH]
    assert finalizers == [["resources-finalizer.argocd.argoproj.io"]]
    scene.delete()
    assert scene.calls == ["Delete"], "one that is gone is not deleted again"


def test_what_a_release_takes_over_is_found_and_never_cascades() -> None:
    live = application()
    scene = Scene(live)
    scene.api.objects[_ALL] = {"items": [live]}
    assert scene.guard.found("test", "panda", "panda") == PATH
    assert scene.guard.found("test", "panda", "idds") is None
    scene.guard.hand_back("test", "panda", "panda", 1)
    assert PATH not in scene.api.objects
    scene.api.objects[PATH] = application()
    scene.delete()
    assert scene.calls == []
    assert PATH not in scene.api.objects


def test_releases_of_this_run_are_delivered_by_it() -> None:
    scene = Scene(application())
    assert not scene.guard.delivers("panda", "panda")
    scene.diff()
    assert scene.guard.delivers("panda", "panda")
