"""What pods are given by a chart: variables, files, ports, probes, commands. References to objects are resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

__all__ = ["Given", "of_objects"]

Object = dict[str, Any]
Keys = Mapping[tuple[str, str], Set[str]]


@dataclass(frozen=True)
class Given:
    """What the main container of a workload is given.

    A folder of a volume without known files ends in a slash. A probe is ``GET PATH`` or ``TCP``.
    """

    command: tuple[str, ...]
    texts: Mapping[str, str]
    variables: Set[str]
    files: Set[str]
    ports: Set[int]
    probes: Mapping[str, str]


def of_objects(objects: Iterable[Object], made: Iterable[tuple[str, str]] = ()) -> dict[str, Given]:
    """What each workload is given, by its name; ``made`` are Secrets of others with one key each."""
    known = list(objects)
    keys: dict[tuple[str, str], set[str]] = {}
    for each in known:
        if each["kind"] in {"Secret", "ConfigMap"}:
            found = {**(each.get("data") or {}), **(each.get("stringData") or {})}
            keys.setdefault((each["kind"], each["metadata"]["name"]), set()).update(found)
    for name, key in made:
        keys.setdefault(("Secret", name), set()).add(key)
    return {each["metadata"]["name"]: _given(pod, keys) for each in known for pod in _pods(each)}


def _pods(each: Object) -> Iterator[Object]:
    if each["kind"] in {"Deployment", "StatefulSet"}:
        yield each["spec"]["template"]["spec"]
    if each["kind"] == "CronJob":
        yield each["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def _given(pod: Object, keys: Keys) -> Given:
    container = pod["containers"][0]
    variables = container.get("env") or ()
    volumes = {each["name"]: each for each in pod.get("volumes") or ()}
    probes = (("ready", "readinessProbe"), ("alive", "livenessProbe"), ("start", "startupProbe"))
    return Given(
        command=(*container.get("command", ()), *container.get("args", ())),
        texts={each["name"]: each["value"] for each in variables if "value" in each},
        variables={each["name"] for each in variables} | set(_environments(container, keys)),
        files={
            path
            for mount in container.get("volumeMounts") or ()
            for path in _files(mount, volumes.get(mount["name"], {}), keys)
        },
        ports={each["containerPort"] for each in container.get("ports") or ()},
        probes={name: _probe(container[key]) for name, key in probes if key in container},
    )


def _environments(container: Object, keys: Keys) -> Iterator[str]:
    for each in container.get("envFrom") or ():
        for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            if field in each:
                yield from keys.get((kind, each[field]["name"]), ())


def _files(mount: Object, volume: Object, keys: Keys) -> Iterator[str]:
    path = mount["mountPath"].rstrip("/")
    if mount.get("subPath"):
        yield path
        return
    for field, kind, name in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
        if source := volume.get(field):
            items = source.get("items") or [{"path": key} for key in keys.get((kind, source[name]), ())]
            yield from (f"{path}/{item['path']}" for item in items)
            return
    yield f"{path}/"


def _probe(probe: Object) -> str:
    return f"GET {probe['httpGet']['path']}" if "httpGet" in probe else "TCP"
