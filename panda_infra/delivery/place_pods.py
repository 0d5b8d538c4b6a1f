#!/usr/bin/env -S .venv/bin/python -I
"""A post-renderer of Helm that adds fields to pods for which their chart has no values (T36).

The fields are JSON in an annotation of the pod's template, for which every chart has a value. Reads the manifest from
the standard input and writes it to the standard output; other documents stay unchanged. Helm runs it as a program in
the project's folder: it imports nothing of this package.
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
    """The documents, with the annotation replaced by its fields in the pod."""
    for document in _SEPARATOR.split(manifest):
        yield _with_placement(document) if _POD in document else document


def _with_placement(document: str) -> str:
    """Works on YAML nodes, not values: Helm reads the type of a scalar from its spelling."""
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
    """Remove a key from a mapping and return its value; None if it is missing."""
    found = _below(mapping, key)
    if found is not None:
        mapping.value = [(name, value) for name, value in mapping.value if name.value != key]
    return found


if __name__ == "__main__":
    sys.stdout.write("---\n".join(placed(sys.stdin.read())))
