"""Programs in pods as this product's own chart `programs` deploys them: fixtures, DIRAC and DiracX.

Upstream's charts of DIRAC and DiracX cannot be used for them: names of their Jobs and Secrets are random or fixed,
their Jobs may act on every pod of the namespace, and each upgrade replaces every pod (C2, C3, C6, C7, C44).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names

__all__ = [
    "CHART",
    "EVERYBODY",
    "GROUP",
    "VERSION",
    "Data",
    "Key",
    "Mount",
    "Part",
    "patient",
    "tcp",
    "values",
    "values_of",
]

CHART = "programs"
"""The chart, which the program ships."""
VERSION = "1.0.0"
EVERYBODY = 0o444
"""The mode of files that several users of a pod read."""
GROUP = 1000
"""The group of pods whose image has a user of its own."""
_SMALL = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
_SECONDS = 10


@dataclass(frozen=True)
class Key:
    """A key of the Secret with this suffix."""

    suffix: str
    key: str


@dataclass(frozen=True)
class Mount:
    """A Secret by its suffix as a folder; with ``key`` that one alone as a file, with the ``mode`` of its files.

    Root owns them, and the group of the pod may read them where it has one.
    """

    suffix: str
    key: str = ""
    mode: int = 0o400


@dataclass(frozen=True)
class Data:
    """A volume at a path, with a size unless the stack file has another; ``shared`` by pods of several nodes."""

    path: str
    size: str
    shared: bool = False


@dataclass(frozen=True)
class Part:
    """A program in a pod.

    ``ports`` are those of the pod and of its Service, by name. ``variables`` are texts and keys of Secrets, and each
    key of the Secrets ``environments`` is a variable too. ``files`` are texts by their paths, whose names must differ;
    ``secrets`` are Secrets by paths, ``claims`` claims of other parts, and ``scratch`` empty folders. The ``probe``
    shows that it is ready; it is started anew where ``alive`` fails. The program runs as ``user``, by default as that
    of the image; if that is not root, it reads Secrets as a member of ``group``.
    """

    name: str
    ports: Mapping[str, int] = field(default_factory=dict)
    command: Sequence[str] = ()
    arguments: Sequence[str] = ()
    variables: Mapping[str, str | Key] = field(default_factory=dict)
    environments: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Mount] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    scratch: Sequence[str] = ()
    data: Data | None = None
    probe: Mapping[str, Any] = field(default_factory=dict)
    alive: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=lambda: _SMALL)
    user: int | None = None
    group: int | None = None

    def values(self, component: str, names: Names) -> Values:
        """The values of the chart for it."""
        made = {
            "name": names.workload(component, self.name),
            "ports": dict(self.ports),
            "command": list(self.command),
            "args": list(self.arguments),
            "variables": {key: text for key, text in self.variables.items() if isinstance(text, str)},
            "secretVariables": {
                key: {"secret": names.secret(source.suffix), "key": source.key}
                for key, source in self.variables.items()
                if isinstance(source, Key)
            },
            "environments": [names.secret(suffix) for suffix in self.environments],
            "files": dict(self.files),
            "secrets": dict(self._mounts(names)),
            "claims": dict(self.claims),
            "scratch": list(self.scratch),
            "data": self._data(),
            "probe": dict(self.probe),
            "alive": dict(self.alive),
            "podSecurityContext": self._user(),
        }
        return {key: value for key, value in made.items() if value} | {"resources": self.resources}

    def _mounts(self, names: Names) -> Iterator[tuple[str, Values]]:
        for path, mount in self.secrets.items():
            given = {"secret": names.secret(mount.suffix), "key": mount.key, "mode": mount.mode}
            # Several files may be of one volume.
            yield path, {"volume": f"{mount.suffix}-{mount.mode:o}", **given}

    def _data(self) -> Values:
        if self.data is None:
            return {}
        access = "ReadWriteMany" if self.data.shared else "ReadWriteOnce"
        return {"path": self.data.path, "size": self.data.size, "access": access}

    def _user(self) -> Values:
        if self.user is None:
            return {} if self.group is None else {"fsGroup": self.group}
        return {"runAsUser": self.user, "runAsGroup": self.user, "fsGroup": self.user, "runAsNonRoot": True}


def values(component: str, names: Names, parts: Sequence[Part]) -> Values:
    """The values of the chart for a component with these parts."""
    for part in parts:
        known = [PurePosixPath(path).name for path in part.files]
        if len(known) != len(set(known)):
            raise ValueError(f"{component}/{part.name}: two files have one name")
    return {"parts": {part.name: part.values(component, names) for part in parts}}


def values_of(component: str, *parts: Part) -> Callable[[Settings, Names], Values]:
    """The values of a component whose parts are the same in every stack."""
    return lambda _config, names: values(component, names, parts)


def tcp(port: str) -> Values:
    """A probe that connects to a port, by its name."""
    return {"tcpSocket": {"port": port}, "periodSeconds": _SECONDS}


def patient(probe: Mapping[str, Any]) -> Values:
    """The probe of what is started anew when it has failed for five minutes, which leaves it time to start."""
    return {**probe, "periodSeconds": 20, "failureThreshold": 15}
