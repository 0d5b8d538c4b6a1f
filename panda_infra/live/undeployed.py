"""Find changes of the stack file that are not deployed yet, which the next ``pulumi up`` would deploy.

Compares with the engine's state and with the Secrets in the cluster. The answer contains no secret value.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import shortened
from panda_infra.live.met import ENGINE
from panda_infra.plan.model import Plan, Release
from panda_infra.products.content import SecretContent
from panda_infra.provider.cluster_description import inputs_from
from panda_infra.secrets.rolling import ANNOTATION
from panda_infra.state.recorded import Recorded
from panda_infra.tree import ABSENT, Values, differences

__all__ = ["changed_secrets", "undeployed"]

_LONGEST = 40
_ANNOTATIONS = "podAnnotations"
"""Key of a sub-chart's values; contains the hash of the Secrets that its pods have read."""


def undeployed(
    plan: Plan, before: Recorded, hashes: Mapping[tuple[str, str], Mapping[str, str]] | None
) -> list[str]:
    """The differences of the plan from the deployment ``before``, one line for each component and the cluster.

    Args:
        plan: of the present stack file.
        before: the engine's state.
        hashes: annotations of the pods after the next run, or None to ignore them if the secrets cannot be read.
    """
    planned = {release.component: release for release in plan.releases}
    lines = [*_cluster(plan, before)]
    for component, release in planned.items():
        deployed = before.releases.get(component)
        if deployed is None:
            lines.append(f"component {component} is not deployed yet")
            continue
        parts = [
            *_named("name", deployed.name, release.name),
            *(_named("chart", deployed.version, release.chart.version) if deployed.version else ()),
            *_values(deployed.values, release),
            *(_rolled(component, deployed.values, hashes) if hashes is not None else ()),
        ]
        if parts:
            lines.append(f"component {component}: {', '.join(parts)}")
    gone = [name for name in before.releases if name not in planned]
    return [*lines, *(f"component {name} is deployed, and no longer in the stack file" for name in gone)]


def changed_secrets(
    plan: Plan, contents: Mapping[str, SecretContent], live: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """The keys of the stack's Secrets whose values differ in the cluster, one line for each Secret."""
    lines = []
    for suffix, content in contents.items():
        name = plan.names.secret(suffix)
        if name not in live:
            lines.append(f"Secret {name} is not deployed yet")
            continue
        there = {key: b64decode(value) for key, value in (live[name].get("data") or {}).items()}
        known = {*content.data, *(there.keys() & _written(live[name], there.keys()))}
        keys = [key for key in sorted(known) if content.data.get(key) != there.get(key)]
        if keys:
            lines.append(f"Secret {name}: {shortened(keys)}")
    return lines


def _written(secret: Mapping[str, Any], keys: Collection[str]) -> Collection[str]:
    """The keys of a Secret that the engine wrote: a deployment leaves the others alone."""
    managers = (secret.get("metadata") or {}).get("managedFields")
    if managers is None:
        return keys
    fields = (one.get("fieldsV1") or {} for one in managers if one.get("manager", "").startswith(ENGINE))
    return {key.removeprefix("f:") for one in fields for key in one.get("f:data") or {}}


def _cluster(plan: Plan, before: Recorded) -> Iterator[str]:
    cluster = plan.config.cluster
    if not isinstance(cluster, MagnumCluster):
        return
    if not before.described:
        yield f"cluster {cluster.name} is not deployed yet"
        return
    wanted = inputs_from(cluster).model_dump(mode="json", by_alias=True)
    made = {key: value for key, value in before.described.items() if key in wanted}
    if cluster.node_counts != "program":
        wanted, made = ({**each, "nodeCount": None, "nodeGroups": None} for each in (wanted, made))
    if parts := list(_differing(made, wanted)):
        yield f"cluster {cluster.name}: {shortened(parts)}"


def _named(what: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"{what} {before} -> {after}"


def _values(before: Mapping[str, Any], release: Release) -> Iterator[str]:
    parts = list(_differing(_without_hashes(before), _without_hashes(_plain(release.values))))
    if parts:
        yield shortened(parts)


def _rolled(
    component: str, before: Mapping[str, Any], hashes: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[str]:
    """The sub-components whose pods would be replaced because the Secrets that they read at their start differ."""
    subs = {sub for owner, sub in hashes if owner == component}
    subs |= {sub for sub, value in before.items() if _hash_in(value)}
    changed = [
        sub
        for sub in sorted(subs)
        if _hash_in(before.get(sub)) != hashes.get((component, sub), {}).get(ANNOTATION)
    ]
    if changed:
        yield f"other Secrets for the pods of {', '.join(changed)}"


def _hash_in(values: Any) -> str | None:
    found = (values.get(_ANNOTATIONS) or {}).get(ANNOTATION) if isinstance(values, Mapping) else None
    return found if isinstance(found, str) else None


def _without_hashes(values: Mapping[str, Any]) -> Values:
    """Chart values without the hashes, wherever the chart takes them, and without mappings of nothing else."""
    hashes = {digest for below in values.values() if (digest := _hash_in(below))}
    return {key: rest for key, below in values.items() if (rest := _without(below, hashes)) is not None}


def _without(value: Any, texts: Collection[str]) -> Any:
    """The value without some texts in mappings; None instead of what contained nothing else."""
    if not isinstance(value, Mapping):
        return None if isinstance(value, str) and value in texts else value
    rest = {key: left for key, item in value.items() if (left := _without(item, texts)) is not None}
    return rest or None


def _differing(before: Any, after: Any) -> Iterator[str]:
    for found in differences(before, after):
        # A mapping that is added or removed is reported by its entries.
        old, new = (_or_empty(found.before, found.after), _or_empty(found.after, found.before))
        for each in differences(old, new, found.path):
            yield f"{each.path} {_short(each.before)} -> {_short(each.after)}"


def _or_empty(value: Any, other: Any) -> Any:
    return {} if value == ABSENT and isinstance(other, Mapping) else value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return "nothing" if value == ABSENT else text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _plain(values: Any) -> Any:
    """Values in the form of the engine's state: in JSON and without nulls."""
    return _without_nulls(json.loads(json.dumps(values)))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(item) for key, item in value.items() if item is not None}
