"""What Helm keeps of its releases and what their charts made, to look for what may not be in it."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from panda_infra.tree import leaves
from testbed.api import Api, Object
from testbed.workspace import Workspace
from tests.support import canaries

__all__ = ["decoded", "exposed", "revisions", "texts"]

_RECORD = "helm.sh/release.v1"
_MADE = {
    "/api/v1": ("configmaps", "pods", "services", "serviceaccounts"),
    "/apis/apps/v1": ("deployments", "statefulsets"),
    "/apis/batch/v1": ("jobs", "cronjobs"),
    "/apis/networking.k8s.io/v1": ("ingresses",),
}


def texts(api: Api, namespace: str) -> dict[str, str]:
    """The content of each object of a namespace by kind and name.

    Records of releases are unpacked: they contain the values, the manifest and the whole chart.
    """
    found = {
        f"secrets/{each['metadata']['name']}": "\n".join(map(decoded, (each.get("data") or {}).values()))
        for each in api.list(f"/api/v1/namespaces/{namespace}/secrets")
    }
    for root, kinds in _MADE.items():
        for kind in kinds:
            for each in api.list(f"{root}/namespaces/{namespace}/{kind}"):
                found[f"{kind}/{each['metadata']['name']}"] = "\n".join(_strings(each))
    return found


def exposed(
    api: Api, namespace: str, own: str, stack: Workspace
) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Where secret values of a stack are seen that shall be in its own Secrets alone, whose names begin with ``own``.

    Returns:
        the texts that were searched; the values that are in each of them; those that are in the stack's own Secrets.
    """
    ours = canaries.values(stack.encrypted["panda-infra:secrets"])
    everything = texts(api, namespace)
    own_ones = {name for name in everything if name.startswith(f"secrets/{own}")}
    others = {name: text for name, text in everything.items() if name not in own_ones}
    others["state"] = stack.exported_state()
    shown = {name: keys for name, text in others.items() if (keys := canaries.found_in(text, ours))}
    return others, shown, canaries.found_in("\n".join(everything[name] for name in own_ones), ours)


def decoded(text: str) -> str:
    """A value of a Secret as text; a record of Helm's, which is packed once more, as it is and as its strings."""
    data = b64decode(text)
    if not data.startswith(b"H4sI"):
        return data.decode()
    record = gzip.decompress(b64decode(data)).decode()
    # In JSON quotes of a value have backslashes before them.
    return "\n".join((record, *_strings(json.loads(record))))


def _strings(tree: Any) -> Iterator[str]:
    return (str(leaf) for _, leaf in leaves(tree))


def revisions(api: Api, namespace: str) -> dict[str, int]:
    """The newest revision of each release."""
    newest: dict[str, int] = {}
    for each in _records(api, namespace):
        labels = each["metadata"]["labels"]
        newest[labels["name"]] = max(newest.get(labels["name"], 0), int(labels["version"]))
    return newest


def _records(api: Api, namespace: str) -> Iterator[Object]:
    secrets = api.list(f"/api/v1/namespaces/{namespace}/secrets")
    return (each for each in secrets if each["type"] == _RECORD)
