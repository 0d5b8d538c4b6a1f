"""The host names that a component's certificate must cover."""

from __future__ import annotations

from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.stack import StackConfig

__all__ = ["certified_hosts", "presented_hosts"]


def certified_hosts(config: StackConfig, owner: str) -> list[str]:
    """The host names for a component's new certificate: exposed ones first, then its Services."""
    names = config.names
    services = [names.workload(owner, sub.name) for sub in COMPONENTS[owner].sub_components if sub.ports]
    inside = [name for service in services for name in (service, f"{service}.{config.namespace}.svc")]
    return list(dict.fromkeys([*presented_hosts(config, owner), *inside, "localhost"]))


def presented_hosts(config: StackConfig, owner: str) -> list[str]:
    """The exposed hosts at which clients see a component's certificate."""
    found = {
        endpoint.host: endpoint.tls.removesuffix("-tls-certs")
        for name in config.components.deployed()
        for endpoint in COMPONENTS[name].endpoints
    }
    if config.components.bigmon is None:
        # Harvester's Ingress names BigMon's Secret, which then holds Harvester's certificate.
        found = {host: "harvester" if tls == "bigmon" else tls for host, tls in found.items()}
    return [host for field, tls in found.items() if tls == owner and (host := getattr(config.hosts, field))]
