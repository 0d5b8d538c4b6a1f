"""The objects of a namespace, to see which of them were made anew."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.api import Api

__all__ = ["uids"]


def uids(api: Api, namespace: str, kinds: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """The uid of each object by its kind and name, without Helm's records; ``kinds`` are those of API roots."""
    return {
        f"{kind}/{each['metadata']['name']}": each["metadata"]["uid"]
        for root, plurals in kinds
        for kind in plurals
        for each in api.list(f"{root}/namespaces/{namespace}/{kind}")
        if not each["metadata"]["name"].startswith("sh.helm.")
    }
