"""Models with fields that are known only once all components have been found."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import create_model

from panda_infra.config.base import Model

__all__ = ["with_fields"]

Made = TypeVar("Made", bound=Model)


def with_fields(fields: Mapping[str, Any]) -> Callable[[type[Made]], type[Made]]:
    """Add fields after a model's own: each by its name, in the form of pydantic's `create_model`."""

    def add(model: type[Made]) -> type[Made]:
        return create_model(
            model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **fields
        )

    return add
