"""The resources without the SDK's classes are to the engine what they are with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as sdk
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.mocks import MockMonitor
from typing_extensions import override

from panda_infra.cluster.handle import kubernetes_provider
from panda_infra.delivery.charts import ChartReference
from panda_infra.delivery.releases import Component, by_helm
from panda_infra.delivery.secrets import StackSecrets
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Chart, Release
from panda_infra.products.content import SecretContent
from panda_infra.products.names import Names
from tools import versions

# Where and by whom a resource was made; the program's own options have tests of their own.
_CIRCUMSTANCES = ("sourcePosition", "stackTrace", "parent", "customTimeouts", "protect")


class Echo(pulumi.runtime.Mocks):
    """Answers with the inputs."""

    @override
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return args.name, args.inputs

    @override
    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


class Recorder(MockMonitor):
    """Keeps the last request for a custom resource."""

    last: Any = None

    @override
    def RegisterResource(self, request: Any) -> Any:
        if request.custom:
            self.last = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def reported(make: Callable[[], object]) -> dict[str, Any]:
    """The inputs of the custom resource that was made."""
    recorder = Recorder(Echo())
    pulumi.runtime.set_mocks(Echo(), project="panda-infra", stack="test", monitor=recorder)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        make()

    program()
    request: dict[str, Any] = MessageToDict(recorder.last)
    return {key: value for key, value in request.items() if key not in _CIRCUMSTANCES}


def by_the_sdk(make: Callable[[], object]) -> dict[str, Any]:
    """The same of a resource of the SDK, whose version the engine asks of a provider that nobody has named."""
    request = reported(make)
    assert request.pop("version") == versions.PULUMI_KUBERNETES
    return request


def test_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    settings: dict[str, Any] = {
        "kubeconfig": pulumi.Output.secret("text"),
        "cluster_identifier": "project/stack",
        "enable_secret_mutable": True,
        "enable_config_map_mutable": True,
        "kube_client_settings": sdk.KubeClientSettingsArgs(burst=240, qps=120),
    }
    assert reported(lambda: kubernetes_provider(kubeconfig="text", identifier="project/stack")) == reported(
        lambda: sdk.Provider("cluster", **settings)
    )


def test_a_secret() -> None:
    content = SecretContent("server", "Opaque", {"key": b"value"})
    options = pulumi.ResourceOptions(delete_before_replace=True)
    mark = {"panda-infra/owner": "panda-infra/demo/0123456789abcdef"}
    assert reported(
        lambda: StackSecrets(
            {"server": content},
            names=Names(),
            namespace="panda",
            mark=mark,
            labels={},
            opts=pulumi.ResourceOptions(),
        )
    ) == by_the_sdk(
        lambda: sdk.core.v1.Secret(
            "server",
            metadata=sdk.meta.v1.ObjectMetaArgs(
                name=Names().secret("server"),
                namespace="panda",
                annotations={"pulumi.com/patchForce": "true", **mark},
            ),
            type="Opaque",
            data={"key": "dmFsdWU="},
            opts=options,
        )
    )


def test_a_part_of_an_object() -> None:
    metadata = {"name": "here", "annotations": {"pulumi.com/patchFieldManager": "us"}}
    fields = {"metadata": metadata, "data": {"key": "value"}}
    assert reported(
        lambda: KubernetesObject("ConfigMapPatch", "one", fields, pulumi.ResourceOptions())
    ) == by_the_sdk(
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
    assert reported(
        lambda: Component(
            release,
            by_helm(
                release,
                ChartReference(location, "0.1.1"),
                namespace="here",
                annotations={"server": {"hash": "1"}},
                postrender=postrender,
            ),
            depends_on=[],
            opts=pulumi.ResourceOptions(),
        )
    ) == by_the_sdk(
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
