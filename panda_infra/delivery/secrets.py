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
                # One secret output for the whole map: its keys are as telling as its values for TLS and files.
                data=pulumi.Output.secret({k: b64encode(v).decode() for k, v in content.data.items()}),
                # A Secret's type cannot be changed, and its name is fixed by the charts.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for suffix, content in contents.items()
        }
        self.register_outputs({})
