"""The components of a stack."""

from functools import cache
from typing import TypeVar

from pydantic import Field

from panda_infra.config.base import Model, with_fields
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Component

__all__ = ["Components"]

Kind = TypeVar("Kind", bound=Component)

_ATTRIBUTES = {name: spec.attribute for name, spec in COMPONENTS.items()}


@cache
def _attributes(kind: type[Component]) -> tuple[str, ...]:
    """The attributes that hold a component of that type."""
    return tuple(spec.attribute for spec in COMPONENTS.values() if issubclass(spec.config, kind))


@with_fields(
    {
        spec.attribute: (
            spec.config | None,
            Field(default=None, alias=spec.name, description=spec.about),
        )
        for spec in COMPONENTS.values()
    }
)
class Components(Model):
    """The components of a stack; one that is not named is not deployed."""

    def get(self, kind: type[Kind]) -> Kind | None:
        """The component of that type; None if the stack does not deploy it."""
        found = (vars(self)[attribute] for attribute in _attributes(kind))
        return next((each for each in found if each is not None), None)

    def of(self, kind: type[Kind]) -> Kind:
        """The component of that type; with its default settings if the stack does not deploy it."""
        return self.get(kind) or kind()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of all components, deployed or not."""
        return tuple(COMPONENTS)

    def deployed(self) -> dict[str, Component]:
        """Each deployed component by its name, in the order of the registry."""
        given = vars(self)
        return {
            name: component
            for name, attribute in _ATTRIBUTES.items()
            if (component := given[attribute]) is not None
        }
