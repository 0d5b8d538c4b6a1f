"""The sub-components of a stack with their paths, for rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from panda_infra.config.stack import StackConfig
from panda_infra.products.model import ComponentSpec, SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import SubComponent

__all__ = ["Visited", "sub_components"]


@dataclass(frozen=True)
class Visited:
    """A sub-component of a deployed component, with its description and configuration."""

    component: ComponentSpec
    spec: SubComponentSpec
    config: SubComponent

    @property
    def where(self) -> str:
        """Path of the sub-component in the stack file."""
        return f"components.{self.component.name}.{self.spec.name}"

    @property
    def name(self) -> str:
        """The name in messages, e.g. ``panda server``."""
        return f"{self.component.name} {self.spec.name}"

    @property
    def runs(self) -> bool:
        """True if it is deployed."""
        return self.config.enabled

    @property
    def may_be_off(self) -> bool:
        """True if it can be switched off: its chart has a switch, and the component is useful without it."""
        return self.spec.switchable and self.spec is not self.component.sub_components[0]


def sub_components(config: StackConfig) -> Iterator[Visited]:
    """Every sub-component of every deployed component, switched off ones included."""
    for name, component in config.components.deployed().items():
        spec = COMPONENTS[name]
        for sub in spec.sub_components:
            yield Visited(spec, sub, getattr(component, sub.attribute))
