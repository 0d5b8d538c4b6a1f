#!/usr/bin/env -S .venv/bin/python -I
"""Helm's post-renderer that puts into pods what their chart takes no values for (T36).

What to add stands as JSON in an annotation of the pod's template, which every chart takes. Reads the manifest from the
standard input and writes it to the standard output, every other document as it was. Helm runs it in the project's
folder, on its own: it imports nothing of this package.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

_POD = "panda-infra/pod"
_SEPARATOR = re.compile(r"^---[^\S\n]*(?:#.*)?\n", re.MULTILINE)


def placed(manifest: str) -> Iterator[str]:
    """The documents; those with the annotation without it, and with what it says in the pod."""
    for document in _SEPARATOR.split(manifest):
        yield _with_placement(document) if _POD in document else document


def _with_placement(document: str) -> str:
    """By nodes, not values: the spelling of a scalar is what tells Helm its type."""
    root = yaml.compose(document)
    template = _below(root, "spec", "template")
    annotations = _below(template, "metadata", "annotations")
    pod = _below(template, "spec")
    added = _taken(annotations, _POD)
    if added is None or pod is None:
        return document
    for key, value in json.loads(added.value).items():
        _taken(pod, key)
        pod.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", key), yaml.compose(json.dumps(value))))
    return str(yaml.serialize(root))


def _below(node: Any, *path: str) -> Any:
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def _taken(mapping: Any, key: str) -> Any:
    """The value of a key, which is no part of the mapping any more; None if it was none."""
    found = _below(mapping, key)
    if found is not None:
        mapping.value = [(name, value) for name, value in mapping.value if name.value != key]
    return found


if __name__ == "__main__":
    sys.stdout.write("---\n".join(placed(sys.stdin.read())))
