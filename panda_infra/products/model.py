"""How a component is described: what it consists of, mounts, and needs to be up first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from panda_infra.config.paths import Path

if TYPE_CHECKING:
    from panda_infra.config.base import Model
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.rule import Rule
    from panda_infra.products.workloads import Component
    from panda_infra.tree import Values

__all__ = [
    "Builder",
    "Claim",
    "ComponentSpec",
    "Endpoint",
    "FileGroup",
    "HostCertificate",
    "Predicate",
    "SecretUse",
    "SubComponentSpec",
    "live",
    "start",
]

Predicate = Callable[["Settings"], bool]
InStack = Callable[["SecretUse", "Settings"], "SecretUse | None"]
Builder = Callable[[Any], Mapping[str, str | bytes]]


@dataclass(frozen=True)
class SecretUse:
    """A Secret that a sub-component mounts or imports.

    ``suffix`` is the Secret's name without the prefix. ``read`` is when its consumer reads it: ``start`` means that a
    change shows only after the pod is replaced, ``live`` that it is read again while the pod runs. Keys that match
    ``otherwise`` are read in the other way. A pod starts without an ``optional`` one. ``in_stack`` gives the use as it
    is in a stack, None where there is none.
    """

    suffix: str
    read: Literal["start", "live"]
    optional: bool = False
    otherwise: tuple[str, ...] = ()
    in_stack: InStack = lambda use, _config: use

    def reads_at_start(self, key: str) -> bool:
        """Whether a change of this key of the Secret shows only after the pod is replaced."""
        return (self.read == "start") != any(fnmatchcase(key, pattern) for pattern in self.otherwise)


def start(*suffixes: str, otherwise: tuple[str, ...] = ()) -> tuple[SecretUse, ...]:
    """Secrets that are read once, when the pod starts."""
    return tuple(SecretUse(suffix, "start", otherwise=otherwise) for suffix in suffixes)


def live(
    suffix: str, *, optional: bool = False, in_stack: InStack = lambda use, _config: use
) -> tuple[SecretUse, ...]:
    """A Secret that is read again while the pod runs."""
    return (SecretUse(suffix, "live", optional, in_stack=in_stack),)


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

    ``host`` is the field of ``hosts`` and ``about`` what the stack file's schema has for it; ``position`` is its place
    among all hosts, which the records of deployed clusters hold in that order. ``key`` is the chart's
    value that describes the Ingress (dotted), ``tls`` the suffix of the TLS Secret that the chart's Ingress names.
    ``host_value`` is the value that names the host where the Ingress' rules are fixed in the chart. ``route`` and
    ``gateway`` are the values that describe an OpenShift Route and a Gateway, empty where the chart has none;
    ``route_host`` is the value that names the Route's or Gateway's host. ``class_annotation`` and ``snippets`` are
    whether the chart sets these of nginx' annotations by itself. ``passthrough`` is whether the Service takes TLS
    connections that the ingress controller hands through. ``plain_route`` is whether its Route comes with a second one
    for plain HTTP. An ``additional`` endpoint leads to a Service that has another.
    """

    host: str
    position: int
    about: str
    key: str
    tls: str
    route: str = ""
    route_host: str = ""
    gateway: str = ""
    host_value: str = ""
    class_annotation: bool = True
    snippets: bool = False
    passthrough: bool = False
    plain_route: bool = False
    additional: bool = False


@dataclass(frozen=True)
class SubComponentSpec:
    """A sub-chart: one workload with its Service, Secrets and claims.

    ``ports`` are its Service's ports, empty where it has no Service. ``switchable`` sub-charts have an ``enabled``
    value, ``scalable`` ones take ``replicaCount``. ``chart_image`` is the chart's default, repository and tag;
    ``image`` replaces it where it loses data, is gone (T28) or changes without notice (T40). ``reserves`` are the
    resources for which the chart has requests and limits of its own, made for large nodes (T41). One that ``locks``
    its data waits for a lost pod that still writes. The chart of one that is not ``placeable`` leaves out where its
    pods may run (T36): its release is rendered with that added. ``heavy`` is the place of a service that can fill a
    node of its own among all such, 0 for the others: releases hold that order in their values.
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
    heavy: int = 0

    def claim(self, name: str) -> Claim | None:
        """The claim that the stack file calls ``name``."""
        return next((claim for claim in self.claims if claim.name == name), None)


@dataclass(frozen=True)
class HostCertificate:
    """A component's own certificate: ``about`` is what the stack file's schema has for it.

    In a stack where it is needed ``always``, exposed or not, the image makes none that it could use.
    """

    about: str
    always: Predicate = lambda _config: False


@dataclass(frozen=True)
class FileGroup:
    """Files of a component that only the site has, all in one Secret.

    ``key`` is the field of ``secrets.files`` and ``about`` what the stack file's schema has for it, ``secret`` the
    suffix of the Secret. ``expected`` are the names of files that a stack cannot do without, ``also`` the suffixes of
    more Secrets that a file of some name is part of.
    """

    key: str
    about: str
    secret: str
    expected: Callable[[Settings], tuple[str, ...]] = lambda _config: ()
    also: Callable[[str], tuple[str, ...]] = lambda _name: ()


@dataclass(frozen=True)
class ComponentSpec:
    """A component: one chart, deployed as one Helm release, with all that only its own file knows.

    ``about`` is what the stack file's schema has for it, and ``position`` its place wherever components are listed.
    What its parts say of the chart's defaults holds for the chart's ``version``.

    ``needs`` must be part of the stack and ready first. ``after`` are awaited when they are part of the stack but
    may live elsewhere. ``timeout`` is in seconds and fits slow image pulls, ``usual_seconds``
    is how long its pods take to get ready without such. ``own_name`` is what the names of its
    release and workloads begin with, empty where that is the product's. An ``issuing`` one is of no use where somebody
    else issues the tokens. Where ``upstream`` has no chart of it, only a stack that names it has it.

    ``config`` is what a stack file may say of it, ``secrets`` its encrypted values with ``secrets_about`` for the
    schema, ``builders`` make the content of each of its Secrets, by suffix, from the product's context. ``values`` are
    those of its chart that follow from the stack, ``paths`` what its hosts serve beside ``/``. ``derived`` is what
    holds for a key of its own that the stack file leaves out. ``own_values`` are keys of its chart beside its
    sub-charts' and ``global``, ``fixed_values`` those that no stack may set, each with the reason. ``rules`` are about
    this component. A stack in which ``forces`` holds deletes pods of lost nodes without knowing that they
    have ended.
    """

    name: str
    title: str
    about: str
    position: int
    version: str
    config: type[Component]
    sub_components: tuple[SubComponentSpec, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    timeout: int = 900
    usual_seconds: int = 20
    own_name: str = ""
    issuing: bool = False
    upstream: bool = True
    secrets: type[Model] | None = None
    secrets_about: str = ""
    builders: Mapping[str, Builder] = field(default_factory=dict)
    certificate: HostCertificate | None = None
    files: tuple[FileGroup, ...] = ()
    values: Callable[[Settings, Names], Values] = lambda _config, _names: {}
    paths: Callable[[Settings, Names], tuple[Values, ...]] = lambda _config, _names: ()
    derived: Mapping[Path, Callable[[Any], Any]] = field(default_factory=dict)
    own_values: tuple[str, ...] = ()
    fixed_values: Mapping[Path, str] = field(default_factory=dict)
    forces: Predicate = lambda _config: False
    rules: tuple[Rule, ...] = ()

    def sub_component(self, name: str) -> SubComponentSpec:
        """The sub-component of that name; KeyError when there is none."""
        for sub in self.sub_components:
            if sub.name == name:
                return sub
        raise KeyError(name)
