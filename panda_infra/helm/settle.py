"""Brings a release that a killed or failed run left behind into a state that Helm goes on from.

Helm refuses to upgrade a release that is pending, and it upgrades a failed one from the manifest of the last revision
that was deployed: what the failed revision has added then stays in the cluster for ever. So the newest record becomes
a failed one whose manifest has everything that any of the unfinished revisions may have put into the cluster, and the
deployed one before it becomes superseded. Helm's next upgrade or uninstallation starts from there, and removes all
that it does not want. Neither an object nor a claim is touched here.
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
    """Make a release ready for Helm; does nothing when its newest record is a deployed one.

    It may be killed at any point and begun anew.

    Args:
        api: of the cluster.
        records: the release's, the newest last; nobody else may be writing them.

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
    # Only now: while a deployed record is there, a run that is killed in between begins again above.
    for record in deployed:
        if former := read(api, record):
            write(api, record, {**former, "info": {**former["info"], "status": _SUPERSEDED}})


def superset(earlier: str, later: str) -> str:
    """A manifest with every object and every field of both; where they differ, as ``later`` has it.

    It only serves as what Helm compares with: a field that is in it and not in the cluster does no harm.
    """
    before = {item.key: item for item in items_of(earlier)}
    after = {item.key: item for item in items_of(later)}
    texts = [_joined(before.get(key), item) for key, item in after.items()]
    texts += [item.text for key, item in before.items() if key not in after]
    return "".join(f"---\n{text}" if text.endswith("\n") else f"---\n{text}\n" for text in texts)


class _Dumper(yaml.CSafeDumper):
    """Writes texts so that Helm takes them for texts."""


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
    """Lists of named items, such as containers and variables, by their names; others as they are afterwards."""
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
    """The items' names; nothing when one has none or two have the same."""
    names = [item.get("name") for item in items if isinstance(item, Mapping)]
    unique = len(names) == len(items) and None not in names and len(set(map(str, names))) == len(names)
    return [str(name) for name in names] if unique else []
