"""The host names that a component's certificate must cover."""

from __future__ import annotations

from pydantic.alias_generators import to_camel

from panda_infra.config.stack import StackConfig
from panda_infra.plan.argocd import argocd_host
from panda_infra.products.registry import COMPONENTS

__all__ = ["ARGOCD", "certified_hosts", "certified_owner", "presented_hosts"]

ARGOCD = "argocd"
"""The owner of Argo CD's certificate, beside the components."""


def certified_owner(key: str) -> str:
    """The component, or Argo CD, whose certificate is under this key of ``secrets.certificates``."""
    return next((name for name, spec in COMPONENTS.items() if to_camel(spec.attribute) == key), key)


def certified_hosts(config: StackConfig, owner: str) -> list[str]:
    """The host names for a new certificate: exposed ones first, then the Services of a component.

    Argo CD ends TLS at the Ingress, so that its Services have none; a robot is no host.
    """
    described = COMPONENTS[owner].certificate if owner in COMPONENTS else None
    if owner == ARGOCD or (described and described.subject):
        return presented_hosts(config, owner)
    names = config.names
    services = [names.workload(owner, sub.name) for sub in COMPONENTS[owner].sub_components if sub.ports]
    inside = [name for service in services for name in (service, f"{service}.{config.namespace}.svc")]
    return list(dict.fromkeys([*presented_hosts(config, owner), *inside, "localhost"]))


def presented_hosts(config: StackConfig, owner: str) -> list[str]:
    """The exposed hosts at which clients see the certificate of a component or of Argo CD."""
    if owner == ARGOCD:
        return [host for host in [argocd_host(config)] if host]
    deployed = config.components.deployed()
    hosts = []
    for name in deployed:
        for endpoint in COMPONENTS[name].endpoints:
            named = endpoint.tls.removesuffix("-tls-certs")
            # If the owner of an Ingress' Secret is not deployed, the Secret holds the component's own certificate.
            if owner == (named if named in deployed else name):
                hosts.append(config.hosts.of(endpoint.host))
    return [host for host in hosts if host]
