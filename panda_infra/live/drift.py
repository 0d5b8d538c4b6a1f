"""Find objects of a release that differ from its manifest: deleted, scaled by hand, or edited.

Neither Helm's record nor the engine shows such changes. A dry run of the API server shows what would change if each
object were applied again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import APPLY, KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.paths import ObjectPaths
from panda_infra.errors import shortened
from panda_infra.helm.manifest import Item, items_of
from panda_infra.helm.others import as_found
from panda_infra.plan.values.owners import Owned, owned_by_others

__all__ = ["Deviation", "deviations"]

_AT_ONCE = 8
# Metadata that the API server writes.
_OF_THE_SERVER = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
_MOST_PATHS = 3


@dataclass(frozen=True, order=True)
class Deviation:
    """An object that differs from its release's manifest, and the difference."""

    kind: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.what}"


def deviations(api: KubernetesApi, namespace: str, record: Mapping[str, Any]) -> list[Deviation]:
    """Every object of a release that is missing or different; the answer contains no values of texts.

    Fields that the release's values leave to others never count as different.

    Args:
        api: of the cluster.
        namespace: of the release.
        record: the content of the release's record.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    paths, owned = ObjectPaths(api, namespace), owned_by_others(record.get("config") or {})
    with ThreadPoolExecutor(_AT_ONCE) as beside:
        found = beside.map(
            lambda item: _deviation(api, paths, item, owned), list(items_of(record.get("manifest") or ""))
        )
        return sorted(deviation for deviation in found if deviation)


def _deviation(api: KubernetesApi, paths: ObjectPaths, item: Item, owned: Owned) -> Deviation | None:
    path = paths.of(item.api_version, item.kind, item.name, item.namespace)
    live = api.call("GET", path, missing=True) if path else None
    if path is None or live is None:
        return Deviation(item.kind, item.name, "is missing")
    try:
        body = as_found(item, live, owned)
        wanted = api.call(APPLY, path, body=body, query=[("dryRun", "All"), ("force", "true")])
    except KubernetesNotAllowedError:
        raise
    except KubernetesError as error:
        if not error.status:
            raise
        return Deviation(item.kind, item.name, f"could not be applied again ({error.status})")
    differing = list(_differing(_told(live), _told(wanted), ""))
    if not differing:
        return None
    return Deviation(item.kind, item.name, f"differs in {shortened(differing, most=_MOST_PATHS)}")


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in found["metadata"].items() if key not in _OF_THE_SERVER}
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}


def _differing(live: Any, wanted: Any, path: str) -> Iterator[str]:
    """The paths at which two objects differ, with the values of numbers and booleans."""
    if live == wanted:
        return
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in sorted(live.keys() | wanted.keys()):
            yield from _differing(live.get(key), wanted.get(key), f"{path}.{key}" if path else key)
    elif _listed(live) and _listed(wanted) and len(live) == len(wanted):
        for index, (one, other) in enumerate(zip(live, wanted, strict=True)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif isinstance(live, int) and isinstance(wanted, int):
        yield f"{path} ({live} instead of {wanted})"
    else:
        yield path


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
