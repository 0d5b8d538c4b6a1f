"""The resources without the SDK's classes are to the engine what they are with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as sdk
import pytest
from typing_extensions import override

from panda_infra.cluster.handle import kubernetes_provider
from panda_infra.delivery.charts import ChartReference
from panda_infra.delivery.releases import Component
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Chart, Release


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """What the engine was told of the last custom resource."""

    last: tuple[str, str, dict[str, Any]] | None = None

    @override
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.custom:
            self.last = args.typ, args.name, args.inputs
        return args.name, args.inputs

    @override
    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


def told(make: Callable[[], object]) -> tuple[str, str, dict[str, Any]]:
    """The type, the name and the inputs of what was made."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="panda-infra", stack="test")

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        make()

    program()
    assert recorder.last is not None
    return recorder.last


def test_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    settings: dict[str, Any] = {
        "kubeconfig": pulumi.Output.secret("text"),
        "cluster_identifier": "project/stack",
        "enable_secret_mutable": True,
        "enable_config_map_mutable": True,
        "kube_client_settings": sdk.KubeClientSettingsArgs(burst=240, qps=120),
    }
    assert told(lambda: kubernetes_provider(kubeconfig="text", identifier="project/stack")) == told(
        lambda: sdk.Provider("cluster", **settings)
    )


def test_an_object() -> None:
    metadata, data = {"name": "here", "namespace": "panda"}, {"key": "dmFsdWU="}
    fields = {"metadata": metadata, "data": pulumi.Output.secret(data)}
    assert told(lambda: KubernetesObject("Secret", "one", fields, pulumi.ResourceOptions())) == told(
        lambda: sdk.core.v1.Secret(
            "one", metadata=sdk.meta.v1.ObjectMetaArgs(name="here", namespace="panda"), data=data
        )
    )


def test_a_part_of_an_object() -> None:
    metadata = {"name": "here", "annotations": {"pulumi.com/patchFieldManager": "us"}}
    fields = {"metadata": metadata, "data": {"key": "value"}}
    assert told(lambda: KubernetesObject("ConfigMapPatch", "one", fields, pulumi.ResourceOptions())) == told(
        lambda: sdk.core.v1.ConfigMapPatch(
            "one",
            metadata=sdk.meta.v1.ObjectMetaPatchArgs(**metadata),
            data={"key": "value"},
        )
    )


@pytest.mark.parametrize("postrender", [None, "panda_infra/delivery/keep_claims.py"])
def test_a_release(postrender: str | None) -> None:
    values = {"server": {"enabled": True, "replicas": 2}}
    release = Release("panda", "panda", Chart("panda", "0.1.1"), values, after=(), timeout=600)
    location = "oci://registry.example.org/charts/panda"
    assert told(
        lambda: Component(
            release,
            ChartReference(location, "0.1.1"),
            namespace="here",
            annotations={"server": {"hash": "1"}},
            postrender=postrender,
            depends_on=[],
            opts=pulumi.ResourceOptions(),
        )
    ) == told(
        lambda: sdk.helm.v3.Release(
            "panda",
            name="panda",
            namespace="here",
            chart=location,
            version="0.1.1",
            values={"server": {"enabled": True, "replicas": 2, "podAnnotations": {"hash": "1"}}},
            allow_null_values=True,
            timeout=600,
            max_history=10,
            postrender=postrender,
        )
    )
