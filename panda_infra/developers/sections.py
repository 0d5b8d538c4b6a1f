"""The sections of a developer's stack, made from those of its parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.developer import Developers
from panda_infra.config.load import Loaded
from panda_infra.config.messages import nearest
from panda_infra.config.stack import StackConfig
from panda_infra.developers.names import DeveloperName
from panda_infra.developers.request import Request
from panda_infra.errors import PandaInfraError
from panda_infra.products.model import ComponentSpec, SubComponentSpec
from panda_infra.products.registry import COMPONENTS, product_of_experiment
from panda_infra.tree import put, value_at

__all__ = ["chosen", "issuer_of", "sections"]

# The parent's other sections are its own: names, access to its data, what it makes once in a cluster.
_SHARED = ("experiment", "charts")
# Keys of a component that are copied. The others are about the parent's data, or about what a cluster has once.
_KEPT = ("chart", "settings", "values")
_KEPT_OF_PARTS = ("enabled", "image", "annotations", "nodeSelector", "tolerations", "extraEnv")
# Charts reserve several cores for each service (T41): ten developers would fill a cluster with nothing to do.
_SMALL = {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}
_LOGS = {"size": "10Gi"}


def chosen(parent: StackConfig, wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted components with all that they need, in the registry's order; all of the parent's if none is named.

    Raises:
        PandaInfraError: there is no such component.
    """
    for name in wanted:
        if name not in COMPONENTS:
            near = nearest(name, COMPONENTS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(COMPONENTS)}"
            raise PandaInfraError(f"--component {name}: there is no such component; {hint}")
    found: set[str] = set()
    waiting = list(wanted or parent.components.deployed())
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += COMPONENTS[name].needs
    return tuple(name for name in COMPONENTS if name in found)


def sections(name: DeveloperName, parent: Loaded, request: Request) -> dict[str, Any]:
    """The sections of the stack file, without secrets; the parent's file stays as it is.

    Raises:
        PandaInfraError: a name does not fit, or the parent lends its cluster to nobody.
    """
    config, given = parent.config, parent.layers.sections
    lent = config.developers or Developers()
    components = chosen(config, request.components)
    made: dict[str, Any] = {key: deepcopy(given[key]) for key in _SHARED if key in given}
    made |= {key: deepcopy(given[key]) for key in _of_product(config) if key in given}
    made |= _exposure(config)
    made["affix"] = name.affix
    made["namespace"] = name.stack
    made["cluster"] = _cluster(parent)
    made["storage"] = {"class": config.storage.class_name}
    if logs := config.storage.shared_logs:
        own = {"class": logs.class_name} if logs.class_name else {}
        made["storage"]["sharedLogs"] = own | _LOGS
    made["components"] = {each: _component(COMPONENTS[each], given, components) for each in components}
    for image in request.images:
        if image.component not in components:
            raise PandaInfraError(
                f"--image {image.component}.{image.sub_component}: the stack has no {image.component}"
            )
        value = {"repository": image.repository} | ({"tag": image.tag} if image.tag else {})
        put(made["components"], (image.component, image.sub_component, "image"), value)
    if hosts := dict(_hosts(name, config, lent, components)):
        made["hosts"] = hosts
    if issuer := issuer_of(config, components):
        put(made, ("auth", "issuer"), issuer)
    made |= _delivery(config, request)
    if request.charts:
        branch = {"branch": request.charts.branch} if request.charts.branch else {}
        source = {"kind": "git", "url": request.charts.url, "revision": request.charts.revision}
        made["charts"] = source | branch | {"path": request.charts.path}
    made["lifecycle"] = {"protect": False, "expires": request.expires.isoformat()}
    made["developer"] = _developer(parent, request)
    return made


def issuer_of(parent: StackConfig, components: Sequence[str]) -> str:
    """The issuer of a stack that has none of its own, although its parent has; empty if nothing has to be named."""
    issuing = [name for name in parent.components.deployed() if COMPONENTS[name].issuing]
    if not issuing or any(name in components for name in issuing):
        return ""
    product = product_of_experiment(parent.experiment)
    return str(product.derived["auth", "issuer"](product.context(parent)) or "")


def _delivery(config: StackConfig, request: Request) -> dict[str, Any]:
    """By the Argo CD that delivers the parent, if one does; it follows a branch of charts by itself."""
    if not any(map(config.by_argo, config.components.deployed())):
        return {}
    branch = request.charts.branch if request.charts else None
    delivery = {"kind": "argocd"} | ({"follow": branch} if branch else {})
    namespace = {"namespace": config.argocd.namespace} if config.argocd else {}
    return {"delivery": delivery, "argocd": {"existing": True} | namespace}


def _exposure(config: StackConfig) -> dict[str, Any]:
    """As the parent's, without what configures the ingress controller for all namespaces."""
    exposure = config.exposure
    kind = "ingress" if exposure.kind == "nginx" else exposure.kind
    given = {"kind": kind, "className": exposure.class_name}
    return {"exposure": given | ({"clientCa": exposure.client_ca} if exposure.client_ca else {})}


def _of_product(config: StackConfig) -> Iterator[str]:
    for section in product_of_experiment(config.experiment).sections:
        yield str(type(config).model_fields[section.name].alias)


def _cluster(parent: Loaded) -> dict[str, Any]:
    cluster = parent.config.cluster
    if not isinstance(cluster, MagnumCluster):
        return dict(parent.layers.sections["cluster"])
    made: dict[str, Any] = {"kind": "stack", "stack": parent.stack}
    if cluster.aliases == "program":
        made |= {"cloud": cluster.cloud} if cluster.cloud else {}
        made["aliasDomain"] = cluster.alias_domain
    return made


def _component(spec: ComponentSpec, given: Mapping[str, Any], components: Sequence[str]) -> dict[str, Any]:
    """A component with its parent's settings (else defaults), few resources, and a database of its own."""
    raw = value_at(given, ("components", spec.name), None) or {}
    made = {key: deepcopy(raw[key]) for key in _KEPT if raw.get(key)}
    (made.get("settings") or {}).pop("database", None)
    for sub in spec.sub_components:
        part = {
            key: deepcopy(value) for key, value in (raw.get(sub.name) or {}).items() if key in _KEPT_OF_PARTS
        }
        if sub.is_database:
            part.pop("enabled", None)
            part |= _database(spec, sub, components)
        if sub.reserves and part.get("enabled", True):
            part["resources"] = deepcopy(_SMALL)
        if part:
            made[sub.name] = part
    if not made.get("settings", True):
        del made["settings"]
    return made


def _database(spec: ComponentSpec, sub: SubComponentSpec, components: Sequence[str]) -> dict[str, bool]:
    """Switch a component's own database on, unless another component of the stack is its database."""
    others = {*spec.needs, *spec.after}.intersection(components)
    wanted = not any(COMPONENTS[other].sub_components[0].is_database for other in others)
    default: bool = getattr(spec.config(), sub.attribute).enabled
    return {} if wanted == default else {"enabled": wanted}


def _hosts(
    name: DeveloperName, config: StackConfig, lent: Developers, components: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """A host of its own for each exposed host of the parent, by its key."""
    exposed = config.hosts.exposed()
    for component in components:
        for endpoint in COMPONENTS[component].endpoints:
            key = str(type(config.hosts).model_fields[endpoint.host].alias)
            if key in exposed:
                yield key, name.host(lent.hosts, exposed[key])


def _developer(parent: Loaded, request: Request) -> dict[str, Any]:
    owner = {"user": request.user, "group": request.group}
    lent = (parent.layers.sections.get("developers") or {}).items()
    limits = {key: deepcopy(value) for key, value in lent if key not in ("hosts", "days")}
    if request.outlets:
        limits["outlets"] = [*limits.get("outlets", ()), *map(dict, request.outlets)]
    return {"parent": parent.stack} | {key: value for key, value in owner.items() if value} | limits
