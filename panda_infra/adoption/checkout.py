"""Writes an installation as a checkout of upstream's charts, so that the migration can read both."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_infra.adoption.charts import defaults_of
from panda_infra.adoption.installation import FoundRelease, Installation, Tree
from panda_infra.adoption.template_values import difference, effective
from panda_infra.config import go_yaml
from panda_infra.helm.manifest import items_of
from panda_infra.migration.checkout import VALUES_KEYS
from panda_infra.migration.tables import Tables, tables_of
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS
from panda_infra.tree import MISSING, merged, put, value_at

__all__ = ["write_checkout"]

_TEXTS = (".yml", ".properties")


def write_checkout(
    folder: Path, found: Installation, experiment: str, charts: Mapping[str, Path], names: Names
) -> None:
    """Write the checkout into an empty folder, which will hold secrets.

    Args:
        folder: must be private.
        found: the running installation.
        experiment: names the values files.
        charts: the folder of each component's chart.
        names: of the stack.
    """
    _write_secrets(folder / "secrets", found, tables_of(experiment))
    for component, release in found.releases.items():
        chart = folder / "helm" / component
        shutil.copytree(charts[component], chart, ignore=shutil.ignore_patterns("values"))
        own = _own_values(release, defaults_of(charts[component]), names)
        file = chart / "values" / f"values-{VALUES_KEYS[experiment][0]}.yaml"
        file.parent.mkdir()
        _dump(file, own)


def _write_secrets(folder: Path, found: Installation, tables: Tables) -> None:
    folder.mkdir(parents=True)
    _dump(folder / "values.yaml", found.secrets.values)
    # A component counts as enabled if it runs, even where the values differ.
    running = {
        part: {"enabled": not found.releases.keys().isdisjoint(names)} for part, names in tables.parts.items()
    }
    _dump(folder / "values-secret.yaml", running)
    (folder / "files").mkdir()
    for name, content in found.secrets.files.items():
        top, _, key = name.partition("/")
        file = folder / "files" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        # The Secret of a folder has its name, with dashes.
        suffix = top.replace("_", "-") if top in tables.folders else ""
        live = found.live.get(suffix, {}).get(key, content)
        # Pods see the Secret in the cluster. Upstream's templates cut the last line end of IAM's configuration: then
        # the file is kept, because its hash identifies it as upstream's.
        same = file.suffix in _TEXTS and live.strip() == content.strip()
        file.write_bytes(content if same else live)


def _own_values(release: FoundRelease, defaults: Tree, names: Names) -> Tree:
    """The release's values that differ from the chart's defaults, and its exposed hosts."""
    wanted = effective(release.defaults, release.values)
    own: Tree = {}
    for path, here, _ in difference(wanted, defaults):
        if here is not MISSING:
            put(own, path, here)
    # The release keeps its claim: if the stack made it too, it would have two owners.
    if shared := COMPONENTS[release.component].imports.shared_logs:
        *parents, last = shared.split(".")
        value_at(own, parents, {}).pop(last, None)
    return merged(own, _hosts(release, wanted, names))


def _hosts(release: FoundRelease, wanted: Tree, names: Names) -> Tree:
    """The enabled endpoints with their real hosts, read from the manifest because charts compute some of them."""
    exposed = _exposed_hosts(release.manifest)
    own: Tree = {}
    for endpoint in COMPONENTS[release.component].endpoints:
        keys = tuple(endpoint.key.split("."))
        name = names.ingress(release.component, endpoint.key)
        ingress = value_at(wanted, keys)
        if isinstance(ingress, Mapping) and ingress.get("enabled") and ("Ingress", name) in exposed:
            host = exposed["Ingress", name]
            if endpoint.host_value:
                put(own, endpoint.host_value.split("."), host)
            annotations = ingress.get("annotations") or {}
            put(own, keys, {"enabled": True, "hosts": [{"hostOverride": host}], "annotations": annotations})
        route = value_at(wanted, tuple(endpoint.route.split("."))) if endpoint.route else MISSING
        if isinstance(route, Mapping) and route.get("enabled") and ("Route", name) in exposed:
            put(own, (*endpoint.route.split("."), "enabled"), True)
            put(own, tuple(endpoint.route_host.split(".")), exposed["Route", name])
    return own


def _exposed_hosts(manifest: str) -> dict[tuple[str, str], str]:
    """The first host of each Ingress and Route, by kind and name."""
    hosts: dict[tuple[str, str], str] = {}
    for item in items_of(manifest):
        spec: Mapping[str, Any] = item.content.get("spec") or {}
        host = spec.get("host") or next((rule.get("host") for rule in spec.get("rules") or ()), None)
        if item.kind in ("Ingress", "Route") and host:
            hosts[item.kind, item.name] = host
    return hosts


def _dump(file: Path, content: Tree) -> None:
    file.touch(mode=0o600)
    file.write_text(go_yaml.dump(content, sort_keys=False), encoding="utf-8")
