"""The stack's Secrets as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from panda_infra.catalog.names import Names
from panda_infra.secrets import SecretContent

__all__ = ["StackSecrets"]


class StackSecrets(pulumi.ComponentResource):
    """Every Secret of a stack, by its suffix."""

    def __init__(
        self,
        contents: Mapping[str, SecretContent],
        *,
        names: Names,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("panda-infra:delivery:StackSecrets", "secrets", None, opts)
        self.by_suffix = {
            suffix: Secret(
                suffix,
                metadata=ObjectMetaArgs(name=names.secret(suffix), namespace=namespace),
                type=content.type,
                data=_encoded(content),
                # A Secret's type cannot be changed, and its name is fixed by the charts.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for suffix, content in contents.items()
        }
        self.register_outputs({})


def _encoded(content: SecretContent) -> pulumi.Output[dict[str, str]] | None:
    """The content as one secret output; None when it is empty, as the API server keeps no empty map."""
    if not content.data:
        return None
    return pulumi.Output.secret({key: b64encode(value).decode() for key, value in content.data.items()})
