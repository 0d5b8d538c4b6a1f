"""The stack's Secrets as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pulumi

from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.products.content import SecretContent
from panda_infra.products.names import Names

__all__ = ["StackSecrets"]


class StackSecrets(pulumi.ComponentResource):
    """Every Secret of a stack, by its suffix, made in the order of ``contents``.

    ``mark`` is the annotation of their owner, ``opts`` are those of each.
    """

    def __init__(
        self,
        contents: Mapping[str, SecretContent],
        *,
        names: Names,
        namespace: str,
        mark: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        # By itself it waits for nothing, so that it is known to the engine before the first of them is made.
        super().__init__("panda-infra:delivery:StackSecrets", "secrets")
        own = pulumi.ResourceOptions(
            parent=self,
            # A Secret's type cannot be changed, and its name is fixed by the charts.
            delete_before_replace=True,
            # As the SDK has it: whatever comes back from the cluster is encrypted in the state.
            additional_secret_outputs=["data", "stringData"],
        )
        self.by_suffix = {
            suffix: KubernetesObject(
                "Secret",
                suffix,
                {
                    "metadata": {
                        "name": names.secret(suffix),
                        "namespace": namespace,
                        "annotations": mark,
                    },
                    "type": content.type,
                    **_data(content),
                },
                pulumi.ResourceOptions.merge(opts, own),
            )
            for suffix, content in contents.items()
        }
        self.register_outputs({})


def _data(content: SecretContent) -> dict[str, pulumi.Output[dict[str, str]]]:
    """The content as one secret output; nothing when it is empty, as the API server keeps no empty map."""
    if not content.data:
        return {}
    encoded = {key: b64encode(value).decode() for key, value in content.data.items()}
    return {"data": pulumi.Output.secret(encoded)}
