"""The enabled sub-components, and the readers of each Secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from panda_infra.config.stack import Settings
from panda_infra.products.model import ComponentSpec, SecretUse, SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.workloads import Component, SubComponent

__all__ = [
    "INGRESS",
    "ISSUED",
    "Reader",
    "awaited",
    "enabled_sub_components",
    "existing_secrets",
    "filled_elsewhere",
    "issued_secrets",
    "readers",
    "uses",
]

INGRESS = "ingress"
ISSUED = "-tls-certs"
"""Endings of the suffixes of Secrets whose certificate has the form of Kubernetes and cert-manager."""


@dataclass(frozen=True, order=True)
class Reader:
    """Something that reads a Secret: a sub-component's pods, or a component's Ingress (``ingress``)."""

    component: str
    sub_component: str

    def __str__(self) -> str:
        return f"{self.component}/{self.sub_component}"


def enabled_sub_components(
    spec: ComponentSpec, component: Component
) -> Iterator[tuple[SubComponentSpec, SubComponent]]:
    """The sub-components of a component that are switched on, each with its configuration."""
    for sub in spec.sub_components:
        config: SubComponent = getattr(component, sub.attribute)
        if config.enabled or not sub.switchable:
            yield sub, config


def uses(config: Settings) -> Iterator[tuple[Reader, SecretUse]]:
    """Every use of a Secret by a sub-component that is switched on."""
    for name, component in config.components.deployed().items():
        for spec, _ in enabled_sub_components(COMPONENTS[name], component):
            for described in spec.secrets:
                if use := described.in_stack(described, config):
                    yield Reader(name, spec.name), use


def readers(config: Settings) -> Mapping[str, tuple[Reader, ...]]:
    """The readers of each Secret that this stack needs, by suffix."""
    found: dict[str, list[Reader]] = {}
    for reader, use in uses(config):
        found.setdefault(use.suffix, []).append(reader)
    for name in config.components.deployed():
        for endpoint in COMPONENTS[name].endpoints:
            if config.hosts.of(endpoint.host):
                found.setdefault(endpoint.tls, []).append(Reader(name, INGRESS))
    return {suffix: tuple(dict.fromkeys(found[suffix])) for suffix in sorted(found)}


def awaited(known: Mapping[str, tuple[Reader, ...]], component: str) -> list[str]:
    """The suffixes of the Secrets that a component reads, or would read in another stack file.

    So a release keeps waiting for a Secret of others that it ceases to read: where a dependency ends, the engine's
    targeted updates fail. ``known`` are the readers of each Secret of the stack.
    """
    spec = COMPONENTS[component]
    could = {use.suffix for sub in spec.sub_components for use in sub.secrets}
    could |= {endpoint.tls for endpoint in spec.endpoints}
    return [
        suffix
        for suffix, found in known.items()
        if suffix in could or any(reader.component == component for reader in found)
    ]


def existing_secrets(config: Settings) -> dict[str, str]:
    """The suffixes of Secrets that somebody else puts into the namespace, each with the component that names it."""
    settings = {name: getattr(each, "settings", None) for name, each in config.components.deployed().items()}
    return {
        suffix: name
        for name, each in settings.items()
        if isinstance(each, ComponentSettings)
        for suffix in each.existing_secrets
    }


def issued_secrets(config: Settings) -> dict[str, tuple[Reader, ...]]:
    """The suffixes of the Secrets that cert-manager fills, each with its readers."""
    if config.certificates.kind != "cert-manager":
        return {}
    provided = existing_secrets(config)
    return {
        suffix: found
        for suffix, found in readers(config).items()
        if suffix.endswith(ISSUED) and suffix not in provided
    }


def filled_elsewhere(config: Settings) -> frozenset[str]:
    """The suffixes of Secrets whose content the stack does not make: somebody else does, or cert-manager."""
    return frozenset((*existing_secrets(config), *issued_secrets(config)))
