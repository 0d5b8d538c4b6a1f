"""Makes the environment and mounted files of each container from API objects, as a kubelet does."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.errors import BedError

__all__ = ["Container", "File", "Service", "containers", "services"]

Object = Mapping[str, Any]
_SERVING = ("Deployment", "StatefulSet")
_WORKLOADS = (*_SERVING, "Job", "CronJob")
_MODE = 0o644
_RELEASE = "app.kubernetes.io/instance"


@dataclass(frozen=True)
class File:
    """A mounted file's content and permissions."""

    content: bytes
    mode: int = _MODE

    def __repr__(self) -> str:
        return f"File({len(self.content)} bytes, {self.mode:o})"


@dataclass(frozen=True)
class Container:
    """One container of a workload.

    ``release`` is Helm's, ``command`` is empty if the image's own is used, ``files`` are by absolute path.
    """

    release: str
    workload: str
    name: str
    image: str
    command: Sequence[str]
    environment: Mapping[str, str]
    files: Mapping[str, File]

    def __repr__(self) -> str:
        return f"Container({self.workload}/{self.name})"


@dataclass(frozen=True)
class Service:
    """A Service: its name, and its ports mapped to those of its container."""

    name: str
    ports: Mapping[int, int]


def containers(objects: Iterable[Object]) -> list[Container]:
    """Each container of each workload among ``objects``, which must include the Secrets and ConfigMaps.

    Those of a Job are in the order of their runs, first the init containers.

    Raises:
        BedError: a workload refers to a missing object.
    """
    store = _Store(objects)
    return [
        Container(
            release=workload["metadata"].get("labels", {}).get(_RELEASE, ""),
            workload=workload["metadata"]["name"],
            name=container["name"],
            image=container["image"],
            command=[*(container.get("command") or ()), *(container.get("args") or ())],
            environment=store.environment(workload, container),
            files=dict(store.files(_pod(workload), container)),
        )
        for workload in store.workloads
        for container in _run_by(workload)
    ]


def _pod(workload: Object) -> Object:
    spec = workload["spec"]
    found: Object = (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]
    return found


def _run_by(workload: Object) -> list[Object]:
    pod = _pod(workload)
    # The jobs of a service have ended before the service is checked.
    first = () if workload["kind"] in _SERVING else pod.get("initContainers") or ()
    return [*first, *pod["containers"]]


def services(objects: Iterable[Object]) -> list[Service]:
    """The Services among ``objects``, with the ports that containers listen on."""
    objects = list(objects)
    named = {
        (_frozen(each["spec"]["selector"]["matchLabels"]), port.get("name")): port["containerPort"]
        for each in objects
        if each["kind"] in _SERVING
        for container in each["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports") or ()
    }
    return [
        Service(
            each["metadata"]["name"],
            {
                port["port"]: _target(port, named, _frozen(each["spec"]["selector"]))
                for port in each["spec"]["ports"]
            },
        )
        for each in objects
        if each["kind"] == "Service" and each["spec"].get("selector")
    ]


def _target(port: Object, named: Mapping[tuple[Any, str], int], selector: Any) -> int:
    target = port.get("targetPort", port["port"])
    return target if isinstance(target, int) else named.get((selector, target), port["port"])


def _frozen(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


class _Store:
    """The objects that references point to."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.workloads: list[Object] = []
        self._content: dict[tuple[str, str], dict[str, bytes]] = {}
        for each in objects:
            name = each["metadata"]["name"]
            if each["kind"] in _WORKLOADS:
                self.workloads.append(each)
            elif each["kind"] == "Secret":
                self._content["secret", name] = _decoded(each.get("data"))
            elif each["kind"] == "ConfigMap":
                plain = {key: value.encode() for key, value in (each.get("data") or {}).items()}
                self._content["configMap", name] = plain | _decoded(each.get("binaryData"))

    def environment(self, workload: Object, container: Object) -> dict[str, str]:
        """First variables from whole Secrets and ConfigMaps, then single ones, which may refer to earlier ones."""
        found: dict[str, str] = {}
        for source in container.get("envFrom") or ():
            for field, kind in (("secretRef", "secret"), ("configMapRef", "configMap")):
                if reference := source.get(field):
                    content = self._of(kind, reference["name"], optional=reference.get("optional", False))
                    prefix = source.get("prefix", "")
                    found |= {f"{prefix}{key}": value.decode() for key, value in content.items()}
        for variable in container.get("env") or ():
            if "valueFrom" in variable:
                found[variable["name"]] = self._value(workload, variable["valueFrom"])
            else:
                found[variable["name"]] = _expanded(variable.get("value") or "", found)
        return found

    def files(self, pod: Object, container: Object) -> Iterator[tuple[str, File]]:
        """The mounted files of Secrets and ConfigMaps."""
        volumes = {volume["name"]: volume for volume in pod.get("volumes") or ()}
        for mount in container.get("volumeMounts") or ():
            # A StatefulSet's claims are not among its template's volumes.
            content = self._volume(volumes.get(mount["name"], {}))
            if content is None:
                continue
            path, part = mount["mountPath"].rstrip("/"), mount.get("subPath")
            if part in content:
                yield path, content[part]
            elif not part:
                yield from ((f"{path}/{name}", file) for name, file in content.items())

    def _value(self, workload: Object, source: Object) -> str:
        for field, kind in (("secretKeyRef", "secret"), ("configMapKeyRef", "configMap")):
            if reference := source.get(field):
                content = self._of(kind, reference["name"], optional=reference.get("optional", False))
                return content.get(reference["key"], b"").decode()
        path = source.get("fieldRef", {}).get("fieldPath", "")
        return {"metadata.name": f"{workload['metadata']['name']}-0"}.get(path, "")

    def _volume(self, volume: Object) -> dict[str, File] | None:
        """The files of a volume by their path in it; None if it contains no Secret or ConfigMap."""
        if projected := volume.get("projected"):
            files: dict[str, File] = {}
            for source in projected["sources"]:
                files |= self._volume(source) or {}
            return files
        for kind, name in (("secret", "secretName"), ("configMap", "name")):
            if source := volume.get(kind):
                optional = source.get("optional", False)
                content = self._of(kind, source.get(name) or source["name"], optional=optional)
                mode = source.get("defaultMode", _MODE)
                items = source.get("items")
                if items is None:
                    return {key: File(value, mode) for key, value in content.items()}
                return {item["path"]: File(content[item["key"]], item.get("mode", mode)) for item in items}
        return None

    def _of(self, kind: str, name: str, *, optional: bool) -> Mapping[str, bytes]:
        content = self._content.get((kind, name))
        if content is None and not optional:
            raise BedError(f"a container refers to the {kind} {name}, which is not there")
        return content or {}


def _decoded(data: Mapping[str, str] | None) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in (data or {}).items()}


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` if the name is known; ``$$`` becomes ``$``, and the text after it stays."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return known.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replace, text)
