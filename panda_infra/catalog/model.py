"""How a component of PanDA is described: what it consists of, mounts, and needs to be up first."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

__all__ = ["PROXIES", "Claim", "ComponentSpec", "Endpoint", "SecretUse", "SubComponentSpec", "live", "start"]

PROXIES = ("*.proxy",)
"""Grid proxies beside a certificate: Rucio's client opens the file anew at each log-in."""


@dataclass(frozen=True)
class SecretUse:
    """A Secret that a sub-component mounts or imports.

    ``suffix`` is the Secret's name without the prefix. ``read`` tells when its consumer reads it: ``start`` means
    that a change shows only after the pod is replaced, ``live`` that it is re-read while running; ``otherwise`` are
    patterns of the keys that are read in the other way. A pod starts without an ``optional`` one.
    """

    suffix: str
    read: Literal["start", "live"]
    optional: bool = False
    otherwise: tuple[str, ...] = ()

    def reads_at_start(self, key: str) -> bool:
        """Whether a change of this key of the Secret shows only after the pod is replaced."""
        return (self.read == "start") != any(fnmatchcase(key, pattern) for pattern in self.otherwise)


def start(*suffixes: str, otherwise: tuple[str, ...] = ()) -> tuple[SecretUse, ...]:
    """Secrets that are read once, when the pod starts."""
    return tuple(SecretUse(suffix, "start", otherwise=otherwise) for suffix in suffixes)


def live(*suffixes: str, optional: bool = False) -> tuple[SecretUse, ...]:
    """Secrets that are re-read while the pod runs."""
    return tuple(SecretUse(suffix, "live", optional) for suffix in suffixes)


@dataclass(frozen=True)
class Claim:
    """A volume claim of a sub-component.

    ``name`` is what the stack file calls it, ``size`` the chart's default for it and ``key`` the chart's value (below
    the sub-chart) that describes it.
    ``adopt_key`` is the value under which the chart takes an existing claim; without it the claim is always new.
    ``shared_path`` is the folder that replaces the claim inside the stack's shared log claim. ``optional`` claims
    exist only when the stack file names them.
    """

    name: str
    size: str
    key: str = "persistentvolume"
    adopt_key: str = ""
    shared_path: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A Service that can be exposed under a host name.

    ``host`` is the field of ``hosts``, ``key`` the chart's value that describes the Ingress (dotted), ``tls`` the
    suffix of the TLS Secret that the chart's Ingress names. ``route`` and ``gateway`` are the values that describe
    an OpenShift Route and a Gateway, empty where the chart has none; ``route_host`` is the value that names the
    Route's or Gateway's host. ``class_annotation`` and ``snippets`` tell which of nginx' annotations the chart sets
    by itself.
    """

    host: str
    key: str
    tls: str
    route: str = ""
    route_host: str = ""
    gateway: str = ""
    class_annotation: bool = True
    snippets: bool = False


@dataclass(frozen=True)
class SubComponentSpec:
    """A sub-chart: one workload with its Service, Secrets and claims.

    ``ports`` are its Service's ports, empty where it has no Service. ``switchable`` sub-charts have an ``enabled``
    value, ``scalable`` ones take ``replicaCount``. ``chart_image`` is the chart's default, repository and tag;
    ``image`` replaces it where it loses data, is gone (T28) or changes without notice (T40). ``reserves`` are the
    resources for which the chart has requests and limits of its own, made for large nodes (T41). One that ``locks``
    its data waits for a lost pod that still writes. The chart of one that is not ``placeable`` leaves out where its
    pods may run (T36): its release is rendered with that added.
    """

    name: str
    workload: Literal["Deployment", "StatefulSet"]
    chart_image: tuple[str, str]
    secrets: tuple[SecretUse, ...] = ()
    claims: tuple[Claim, ...] = ()
    ports: tuple[int, ...] = ()
    switchable: bool = True
    scalable: bool = True
    image: tuple[str, str] | None = None
    reserves: tuple[str, ...] = ()
    locks: bool = False
    placeable: bool = True

    def claim(self, name: str) -> Claim | None:
        """The claim that the stack file calls ``name``."""
        return next((claim for claim in self.claims if claim.name == name), None)


@dataclass(frozen=True)
class ComponentSpec:
    """A component: one chart, deployed as one Helm release.

    What its parts say of the chart's defaults holds for the chart's ``version``.

    ``needs`` must be part of the stack and ready first. ``after`` are awaited when they are part of the stack but
    may live elsewhere. ``timeout`` is in seconds and fits slow image pulls.
    """

    name: str
    title: str
    version: str
    sub_components: tuple[SubComponentSpec, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = field(default=())
    timeout: int = 900

    def sub_component(self, name: str) -> SubComponentSpec:
        """The sub-component of that name; KeyError when there is none."""
        for sub in self.sub_components:
            if sub.name == name:
                return sub
        raise KeyError(name)
