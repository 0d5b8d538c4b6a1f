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

    ``mark`` is the annotation of their owner, ``labels`` and ``opts`` are those of each Secret.
    """

    def __init__(
        self,
        contents: Mapping[str, SecretContent],
        *,
        names: Names,
        namespace: str,
        mark: Mapping[str, str],
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        # Without dependencies of its own, so that the engine shows it before the first Secret is made.
        super().__init__("panda-infra:delivery:StackSecrets", "secrets")
        own = pulumi.ResourceOptions(
            parent=self,
            # Another type needs a new Secret, and the charts fix its name.
            delete_before_replace=True,
            # Like the SDK: encrypt the values from the cluster in the state.
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
                        **({"labels": labels} if labels else {}),
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
    """The content as one secret output; without it if empty, because the API server keeps no empty map."""
    if not content.data:
        return {}
    encoded = {key: b64encode(value).decode() for key, value in content.data.items()}
    return {"data": pulumi.Output.secret(encoded)}
