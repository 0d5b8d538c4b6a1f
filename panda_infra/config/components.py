"""The components of a stack."""

from typing import TypeVar

from pydantic import Field

from panda_infra.config.base import Model, with_fields
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Component

__all__ = ["Components"]

Kind = TypeVar("Kind", bound=Component)


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
        return next((each for each in self.deployed().values() if isinstance(each, kind)), None)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of all components, deployed or not."""
        return tuple(COMPONENTS)

    def deployed(self) -> dict[str, Component]:
        """Each deployed component by its name, in the order of the registry."""
        fields = type(self).model_fields
        return {
            str(info.alias): component
            for field, info in fields.items()
            if (component := getattr(self, field)) is not None
        }
