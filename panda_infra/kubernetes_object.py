"""Plain objects of the Kubernetes API as resources.

The SDK has a class for each kind, but importing those of ``core/v1`` costs more time than everything else that a
preview does. The engine and the provider know an object by its type token alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

__all__ = ["KubernetesObject"]


class KubernetesObject(pulumi.CustomResource):
    """An object of the core API by its kind, such as ``Secret``, with its fields as the API spells them.

    A kind that ends with ``Patch`` changes single fields of an object that somebody else made.
    """

    def __init__(self, kind: str, name: str, fields: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        whole = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), **fields}
        super().__init__(f"kubernetes:core/v1:{kind}", name, whole, opts)
