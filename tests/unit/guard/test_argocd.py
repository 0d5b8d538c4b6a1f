"""What of Argo CD the guard leaves to others."""

from __future__ import annotations

import pytest
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.guard.argocd import Shared, is_shared
from tests.support.kubernetes import FakeApi, made

_URN = "urn:pulumi:local::panda-infra::panda-infra:delivery:ArgoCd${}::{}"
_NAMESPACE = _URN.format("kubernetes:core/v1:Namespace", "argocd")
_DEFINITION = _URN.format("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "x")
_APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"


class Reports:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def status(self, text: str) -> None:
        raise AssertionError(text)


def deletion(urn: str, name: str) -> wire.DeleteRequest:
    request = wire.DeleteRequest(urn=urn)
    request.properties.update({"metadata": {"name": name}})
    return request


@pytest.mark.parametrize(
    ("urn", "shared"),
    [
        (_NAMESPACE, True),
        (_DEFINITION, True),
        (_URN.format("kubernetes:apps/v1:Deployment", "argocd-server"), False),
        ("urn:pulumi:local::panda-infra::kubernetes:core/v1:Namespace::namespace", False),
    ],
)
def test_only_what_carries_others_objects_is_shared(urn: str, shared: bool) -> None:
    assert is_shared(urn) == shared


def test_what_nobody_uses_goes() -> None:
    reported = Reports()
    assert not Shared(lambda _urn: reported, FakeApi).stays(deletion(_NAMESPACE, "argocd"))
    assert reported.warnings == []


def test_what_others_use_stays() -> None:
    reported, api = Reports(), FakeApi()
    api.add(_APPLICATIONS, made("theirs", namespace="argocd"))
    assert Shared(lambda _urn: reported, lambda: api).stays(deletion(_NAMESPACE, "argocd"))
    assert reported.warnings == ["stays: argocd/theirs of others would go with it"]


def test_a_cluster_that_is_not_known_yet_has_no_users() -> None:
    assert not Shared(lambda _urn: Reports(), lambda: None).stays(
        deletion(_DEFINITION, "applications.argoproj.io")
    )
