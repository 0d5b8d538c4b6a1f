"""The resources of the Kubernetes provider that the program makes.

The SDK has a class for each kind, but importing it takes longer than anything else in a preview. The engine and the
provider know a resource by its type token and its inputs' names; a test compares them with what the SDK would send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from panda_infra.plugin_version import plugin_version

__all__ = ["HelmRelease", "KubernetesObject", "KubernetesProvider"]


# The stack alone writes its objects. The plugin takes another name for each attempt to make one, and would not be let
# write what a killed run has made under the name before.
_WRITTEN_WHOLE = {"pulumi.com/patchForce": "true"}


class KubernetesProvider(pulumi.ProviderResource):
    """A way into a cluster, by the plugin of the SDK's version; ``settings`` are its inputs by their names."""

    def __init__(
        self, name: str, settings: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # A provider takes texts only.
        texts = {
            key: value if isinstance(value, str | pulumi.Output) else json.dumps(value)
            for key, value in settings.items()
            if value is not None
        }
        pinned = pulumi.ResourceOptions(version=plugin_version())
        super().__init__("kubernetes", name, texts, pulumi.ResourceOptions.merge(opts, pinned))


class KubernetesObject(pulumi.CustomResource):
    """An object of the core API by its kind, such as ``Secret``, with its fields as the API spells them.

    A kind that ends with ``Patch`` changes single fields of an object that somebody else made.
    """

    def __init__(self, kind: str, name: str, fields: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        whole = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), **fields}
        if not kind.endswith("Patch"):
            metadata = {**fields["metadata"]}
            metadata["annotations"] = {**_WRITTEN_WHOLE, **metadata.get("annotations", {})}
            whole["metadata"] = metadata
        super().__init__(f"kubernetes:core/v1:{kind}", name, whole, opts)


class HelmRelease(pulumi.CustomResource):
    """A Helm release, awaited until its pods are ready; ``inputs`` by the provider's names."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        given = {key: value for key, value in inputs.items() if value is not None}
        # The SDK sends this with every release.
        super().__init__("kubernetes:helm.sh/v3:Release", name, {"compat": "true", **given}, opts)
