"""All names that several objects must share, from the stack's affix and the releases that it took over.

A product's services find each other by host names in Secrets. Therefore all names of releases, Services and Secrets
come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from panda_infra.products.registry import COMPONENTS, product_of

__all__ = ["SECRET_PREFIX", "Names"]

SECRET_PREFIX = "panda-secrets"  # noqa: S105 - the default of the charts' `global.secret`
_OBJECT_LIMIT = 63


@dataclass(frozen=True)
class Names:
    """Names of one stack; ``affix`` is empty, ``-suffix`` or ``prefix-``.

    ``releases`` maps components to names of releases that do not follow from the affix, ``secrets`` is the prefix of
    the names of Secrets.
    """

    affix: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    secrets: str = SECRET_PREFIX

    def _affixed(self, body: str) -> str:
        return f"{body}{self.affix}" if self.affix.startswith("-") else f"{self.affix}{body}"

    def release(self, component: str) -> str:
        """Name of a component's Helm release, e.g. ``panda-dev-idds`` for affix ``-dev``."""
        if given := self.releases.get(component):
            return given
        own_name = COMPONENTS[component].own_name
        if own_name:
            return self._affixed(own_name) + component.removeprefix(own_name)
        reference = product_of(component).reference
        name = self._affixed(reference)
        return name if component == reference else f"{name}-{component}"

    def workload(self, component: str, sub_component: str) -> str:
        """Name of a sub-chart's workload and Service, by the charts' ``fullname`` rule.

        A release name that contains the sub-chart's name, such as ``panda-harvester``, is used unchanged.
        """
        release = self.release(component)
        name = release if sub_component in release else f"{release}-{sub_component}"
        return name[:_OBJECT_LIMIT].rstrip("-")

    def ingress(self, component: str, key: str) -> str:
        """Name of the Ingress that the chart's value ``key`` describes, e.g. ``panda-server-big`` of ``ingress_big``.

        One that no sub-chart makes has the name of the release.
        """
        sub, _, ingress = key.rpartition(".")
        return self.workload(component, sub or component) + ingress.removeprefix("ingress").replace("_", "-")

    def secret(self, suffix: str) -> str:
        """Name of the Secret with this suffix in upstream's charts, e.g. ``panda-envs``."""
        return f"{self.secrets}-{suffix}"
