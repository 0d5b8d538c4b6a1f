"""The objects of a release, from the manifest in Helm's record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config import go_yaml, yaml_nodes

__all__ = ["Item", "documents", "items_of", "load"]

_SEPARATOR = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """An object of a manifest: its identity, text and content."""

    api_version: str
    kind: str
    namespace: str
    name: str
    text: str
    content: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The identity of the object without the version of its API."""
        return self.api_version.rpartition("/")[0], self.kind, self.namespace, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def items_of(manifest: str) -> Iterator[Item]:
    """Each object of a manifest; ``namespace`` is empty if the manifest does not name one."""
    for text in documents(manifest):
        found = load(text)
        if isinstance(found, Mapping):
            metadata = found.get("metadata") or {}
            yield Item(
                api_version=str(found.get("apiVersion", "")),
                kind=str(found.get("kind", "")),
                namespace=str(metadata.get("namespace") or ""),
                name=str(metadata.get("name", "")),
                text=text,
                content=found,
            )


def documents(manifest: str) -> Iterator[str]:
    """The non-empty texts between the separators, with the last line end, which may belong to a block scalar."""
    return (text.removeprefix("\n") for text in _SEPARATOR.split(manifest) if text.strip())


def load(text: str) -> Any:
    """The content of one document as Helm reads it."""
    node = yaml_nodes.compose(text)
    return None if node is None else go_yaml.build(node, go_yaml.native)
