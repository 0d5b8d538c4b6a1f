"""Bring the records of a release after a killed or failed run into a state from which Helm can continue.

Helm refuses to upgrade a pending release, and upgrades a failed one from the manifest of the last deployed revision:
objects that the failed revision added would stay in the cluster forever. So the newest record becomes a failed one
whose manifest contains everything that the unfinished revisions may have put into the cluster, and the deployed one
before it becomes superseded. Helm's next upgrade or uninstallation starts from there, and removes all objects that it
does not want. Only records are changed here, neither objects nor claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import yaml

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.config import go_yaml
from panda_infra.helm.manifest import Item, items_of
from panda_infra.helm.records import DEPLOYED, Record, read, write

__all__ = ["settle", "superset"]

_FAILED, _SUPERSEDED = "failed", "superseded"


def settle(api: KubernetesApi, records: Sequence[Record]) -> None:
    """Make a release ready for Helm; does nothing if its newest record is a deployed one.

    It may be killed at any point and repeated.

    Args:
        api: of the cluster.
        records: the release's, the newest last; no other run may write them.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    if not records or records[-1].status == DEPLOYED:
        return
    newest = records[-1]
    unfinished = list(
        takewhile(lambda record: record.status not in (DEPLOYED, _SUPERSEDED), reversed(records))
    )
    deployed = [record for record in records if record.status == DEPLOYED]
    contents = [
        content for record in [*deployed[-1:], *reversed(unfinished)] if (content := read(api, record))
    ]
    if not contents:
        return
    content = contents[-1]
    manifest = content.get("manifest") or ""
    for earlier in reversed(contents[:-1]):
        manifest = superset(earlier.get("manifest") or "", manifest)
    info = {**content["info"], "status": _FAILED}
    write(api, newest, {**content, "manifest": manifest, "info": info})
    # Last: after a kill before this point, a repeated run still finds the deployed record.
    for record in deployed:
        if former := read(api, record):
            write(api, record, {**former, "info": {**former["info"], "status": _SUPERSEDED}})


def superset(earlier: str, later: str) -> str:
    """A manifest with every object and every field of both; if they differ, that of ``later``.

    Helm only compares with it: a field that is missing in the cluster does no harm.
    """
    before = {item.key: item for item in items_of(earlier)}
    after = {item.key: item for item in items_of(later)}
    texts = [_joined(before.get(key), item) for key, item in after.items()]
    texts += [item.text for key, item in before.items() if key not in after]
    return "".join(f"---\n{text}" if text.endswith("\n") else f"---\n{text}\n" for text in texts)


class _Dumper(yaml.CSafeDumper):
    """Writes texts in a form that Helm reads as texts."""


_Dumper.add_representer(str, go_yaml.represent_text)


def _joined(before: Item | None, after: Item) -> str:
    if before is None or before.content == after.content:
        return after.text
    joined: str = yaml.dump(_merged(before.content, after.content), Dumper=_Dumper, sort_keys=False)
    return joined


def _merged(before: Any, after: Any) -> Any:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        both = {key: _merged(before[key], value) if key in before else value for key, value in after.items()}
        return both | {key: value for key, value in before.items() if key not in after}
    if isinstance(before, list) and isinstance(after, list):
        return _merged_lists(before, after)
    return after


def _merged_lists(before: list[Any], after: list[Any]) -> list[Any]:
    """Merge lists of named items, such as containers and variables, by name; of other lists return ``after``."""
    names = [_names(before), _names(after)]
    if not all(names):
        return after
    known = dict(zip(names[0], before, strict=True))
    merged = [
        _merged(known[name], item) if name in known else item
        for name, item in zip(names[1], after, strict=True)
    ]
    return merged + [item for name, item in known.items() if name not in names[1]]


def _names(items: list[Any]) -> list[str]:
    """The items' names; empty if one is missing or not unique."""
    names = [item.get("name") for item in items if isinstance(item, Mapping)]
    unique = len(names) == len(items) and None not in names and len(set(map(str, names))) == len(names)
    return [str(name) for name in names] if unique else []
