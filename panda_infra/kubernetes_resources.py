"""The resources that the program makes by the Kubernetes provider.

The SDK has a class for each kind, but its import takes longer than anything else in a preview. The engine and the
provider need only the type token and the names of the inputs; a test compares both with those of the SDK.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from panda_infra.pulumi_sdk import plugin_version

__all__ = ["HelmRelease", "KubernetesObject", "KubernetesProvider"]


# The plugin uses a new field manager for each attempt to make an object: without force, it conflicts with the field
# manager of a killed run. Only the stack writes its objects.
_WRITTEN_WHOLE = {"pulumi.com/patchForce": "true"}


# Like the SDK: the values of a Secret that come from the cluster are encrypted in the state too.
_HIDDEN = pulumi.ResourceOptions(additional_secret_outputs=["data", "stringData"])


class KubernetesProvider(pulumi.ProviderResource):
    """A connection to a cluster, by the plugin of the SDK's version; ``settings`` are its inputs by name."""

    def __init__(
        self, name: str, settings: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self.settings = settings
        # A provider accepts only strings.
        texts = {
            key: value if isinstance(value, str | pulumi.Output) else json.dumps(value)
            for key, value in settings.items()
            if value is not None
        }
        pinned = pulumi.ResourceOptions(version=plugin_version())
        super().__init__("kubernetes", name, texts, pulumi.ResourceOptions.merge(opts, pinned))


class KubernetesObject(pulumi.CustomResource):
    """An object by its kind, such as ``Secret``, with the API's field names.

    ``fields`` name the ``apiVersion`` of objects outside of the core API. A kind that ends with ``Patch`` changes
    single fields of an object that another program made.
    """

    def __init__(self, kind: str, name: str, fields: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        whole = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), **fields}
        if not kind.endswith("Patch"):
            metadata = {**fields["metadata"]}
            metadata["annotations"] = {**_WRITTEN_WHOLE, **metadata.get("annotations", {})}
            whole["metadata"] = metadata
        api = whole["apiVersion"] if "/" in whole["apiVersion"] else f"core/{whole['apiVersion']}"
        if kind == "Secret":
            opts = pulumi.ResourceOptions.merge(opts, _HIDDEN)
        super().__init__(f"kubernetes:{api}:{kind}", name, whole, opts)


class HelmRelease(pulumi.CustomResource):
    """A Helm release, awaited until its pods are ready; ``inputs`` have the provider's names."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        given = {key: value for key, value in inputs.items() if value is not None}
        # The SDK sends this with every release.
        super().__init__("kubernetes:helm.sh/v3:Release", name, {"compat": "true", **given}, opts)
