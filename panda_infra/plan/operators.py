"""The common parts of the objects of databases by an operator: their names, their owner, their storage class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from panda_infra.config.operators import Servers
from panda_infra.plan.model import Plan
from panda_infra.products.databases import Database
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = ["READY", "Served", "login_secret", "metadata", "served", "storage_class"]

READY = "condition=Ready"
"""The condition of an operator's object for which the engine waits before it makes what needs that object."""
Kind_co = TypeVar("Kind_co", bound=Database, covariant=True)
Given_co = TypeVar("Given_co", bound=Servers, covariant=True)


@dataclass(frozen=True)
class Served(Generic[Kind_co, Given_co]):
    """A database that an operator makes: for which component, under which names, with which settings."""

    component: str
    cluster: str
    service: str
    database: Kind_co
    settings: Given_co


def served(
    plan: Plan, given: Mapping[str, Given_co], kind: Callable[[ComponentSpec], Kind_co | None]
) -> Iterator[Served[Kind_co, Given_co]]:
    """Every database of a section, by the component that uses it."""
    for component, settings in given.items():
        if database := kind(COMPONENTS[component]):
            service = database.service(plan.names, settings.instances)
            yield Served(component, database.cluster(plan.names), service, database, settings)


def login_secret(each: Served[Any, Any]) -> str:
    """Name of the Secret by which the operator makes the user and keeps its password."""
    return f"{each.cluster}-login"


def metadata(plan: Plan, name: str, **annotations: str) -> dict[str, Any]:
    """The metadata of an object in the stack's namespace, with its owner."""
    return {
        "name": name,
        "namespace": plan.config.namespace,
        "annotations": {**annotations, **plan.owner.mark},
    }


def storage_class(plan: Plan, settings: Servers) -> str:
    """The storage class of the servers' volumes."""
    return settings.class_name or plan.config.storage.class_name
