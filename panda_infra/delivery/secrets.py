"""The stack's Secrets as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

import pulumi
from pydantic import SecretStr

from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan
from panda_infra.products.content import OPAQUE, SecretContent
from panda_infra.products.names import Names

__all__ = ["StackSecrets", "bucket_keys", "encoded", "own_secret"]


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


def own_secret(
    plan: Plan,
    resource: str,
    name: str,
    data: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    *,
    kind: str = OPAQUE,
    labels: Mapping[str, str] | None = None,
) -> KubernetesObject:
    """A Secret of the program's own parts, which no component reads, as a resource; ``data`` is encoded."""
    metadata = {
        "name": name,
        "namespace": plan.config.namespace,
        "annotations": plan.owner.mark,
        **({"labels": labels} if labels else {}),
    }
    fields = {"metadata": metadata, "type": kind, "data": pulumi.Output.secret(dict(data))}
    return KubernetesObject("Secret", resource, fields, opts)


def bucket_keys(names: Sequence[str], access: SecretStr | None, secret: SecretStr | None) -> dict[str, str]:
    """The credentials of a bucket under the names by which they are read, encoded as the API has them."""
    return encoded(dict(zip(names, (access, secret), strict=True)))


def encoded(values: Mapping[str, SecretStr | None]) -> dict[str, str]:
    """The values that are set, encoded as the API has them."""
    return {
        key: b64encode(value.get_secret_value().encode()).decode() for key, value in values.items() if value
    }
