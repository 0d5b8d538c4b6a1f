"""Join what components and sections describe of an import into one table for the whole secrets chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from pydantic.alias_generators import to_camel

from panda_infra.config.paths import Path
from panda_infra.config.scalars import Scalar
from panda_infra.products.imports import Convert, Folder, Imports, PlaceEntry, PlaceList
from panda_infra.products.product import Product
from panda_infra.products.registry import components_of, product_of_experiment

__all__ = ["Owner", "Tables", "tables_of"]


@dataclass(frozen=True)
class Owner:
    """A component, a section or the product itself.

    ``part`` is its part of the secrets chart, ``place`` that of its settings in a stack file, ``secrets`` that of its
    secret values. ``component`` is empty for what is none.
    """

    imports: Imports
    part: Path
    place: Path
    secrets: Path
    component: str = ""

    def key(self, below: str) -> str:
        """A key of the secrets chart from one below the owner's part."""
        return ".".join(filter(None, (*map(str, self.part), below)))


class Tables:
    """The tables of one product; keys are those of the whole secrets chart, and targets those of a stack file."""

    def __init__(self, product: Product) -> None:
        self.components = components_of(product)
        self.owners = (
            Owner(product.imports, (), (), ()),
            *(_section(section.name, section.imports) for section in product.sections),
            *(_component(name, spec.imports) for name, spec in self.components.items()),
        )

    @property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """The components that each part of the secrets chart is about; most parts have the name of the only one."""
        found: dict[str, tuple[str, ...]] = {}
        for owner in self.owners:
            if owner.component and self.components[owner.component].upstream:
                part = owner.key("")
                found[part] = (*found.get(part, ()), owner.component)
        return found

    @cached_property
    def plain(self) -> Mapping[str, tuple[Path, Convert]]:
        """Values that are no secrets, with the conversion to the form of the stack file."""
        return {
            owner.key(key): ((*owner.place, *target.split(".")), convert)
            for owner in self.owners
            for key, (target, convert) in _converted(owner.imports)
        }

    @cached_property
    def secrets(self) -> Mapping[str, Path]:
        """Secret values; the targets are below ``secrets``."""
        return {
            owner.key(key): (*owner.secrets, *target.split("."))
            for owner in self.owners
            for key, target in owner.imports.secrets.items()
        }

    @cached_property
    def settled(self) -> Mapping[str, str]:
        """Values that need no place, with the reason."""
        why = "a component is deployed when the stack file names it"
        return {f"{part}.enabled": why for part in self.parts} | self._all(lambda one: one.settled)

    @cached_property
    def fixed(self) -> Mapping[str, str]:
        """Values that need no place if they are the charts' fixed ones."""
        return self._all(lambda one: one.fixed)

    @cached_property
    def of_experiment(self) -> Mapping[str, Callable[[Any], str]]:
        """Values that need no place if they are those of the experiment."""
        return self._all(lambda one: one.of_experiment)

    @cached_property
    def hosts(self) -> Mapping[str, str]:
        """Host names, with the field of ``hosts``."""
        return self._all(lambda one: one.hosts)

    @cached_property
    def lists(self) -> Mapping[str, PlaceList]:
        """The functions that place lists."""
        return self._all(lambda one: one.lists)

    @cached_property
    def entries(self) -> Mapping[str, PlaceEntry]:
        """The functions that place the fields of the mappings below a key."""
        return self._all(lambda one: one.entries)

    @cached_property
    def together(self) -> frozenset[str]:
        """Keys that are placed after all others."""
        return frozenset(owner.key(key) for owner in self.owners for key in owner.imports.together)

    @cached_property
    def may_be_empty(self) -> frozenset[str]:
        """Keys whose empty value in upstream's chart means the same as a missing key in a stack file."""
        return frozenset(owner.key(key) for owner in self.owners for key in owner.imports.may_be_empty)

    @cached_property
    def when_empty(self) -> Mapping[str, Any]:
        """The values in a stack file of keys that are empty."""
        return self._all(lambda one: one.when_empty)

    @cached_property
    def switches(self) -> Mapping[str, tuple[str, str]]:
        """For each part with a switch: its key, without which the others are useless, and what its ``false`` means."""
        return {
            owner.key(""): (owner.key(key), meaning)
            for owner in self.owners
            for key, meaning in owner.imports.switch.items()
        }

    @cached_property
    def mappings(self) -> frozenset[str]:
        """Keys above those of the tables: the chart reads mappings there."""
        known = (
            self.plain,
            self.secrets,
            self.settled,
            self.fixed,
            self.of_experiment,
            self.hosts,
            self.lists,
        )
        keys = [*chain(*known, self.together), *(f"{key}.x" for key in self.entries)]
        return frozenset(key.rsplit(".", count)[0] for key in keys for count in range(1, key.count(".") + 1))

    @cached_property
    def folders(self) -> Mapping[str, tuple[Owner, Folder]]:
        """The folders of files, each with its owner."""
        return {
            name: (owner, folder) for owner in self.owners for name, folder in owner.imports.folders.items()
        }

    @property
    def derived(self) -> Iterator[Path]:
        """Targets that are left out if the stack makes the same without them."""
        return ((*owner.place, *path) for owner in self.owners for path in owner.imports.derived)

    def _all(self, table: Callable[[Imports], Mapping[str, Any]]) -> dict[str, Any]:
        return {owner.key(key): value for owner in self.owners for key, value in table(owner.imports).items()}


@cache
def tables_of(experiment: str) -> Tables:
    """The tables of the product that an experiment runs."""
    return Tables(product_of_experiment(experiment))


def _section(name: str, imports: Imports) -> Owner:
    place = (to_camel(name),)
    return Owner(imports, (imports.part or name,), place, place)


def _component(name: str, imports: Imports) -> Owner:
    place = ("components", name, "settings")
    return Owner(imports, (imports.part or name,), place, (name,), component=name)


def _converted(imports: Imports) -> Iterator[tuple[str, tuple[str, Convert]]]:
    forms: tuple[tuple[Mapping[str, str], Convert], ...] = (
        (imports.texts, _text),
        (imports.numbers, _number),
        (imports.switches, _switch),
        (imports.words, _words),
    )
    for targets, convert in forms:
        yield from ((key, (target, convert)) for key, target in targets.items())
    yield from imports.converted.items()


def _text(value: Scalar) -> str:
    return value.text


def _number(value: Scalar) -> int:
    return int(value.text)


def _switch(value: Scalar) -> bool:
    return value.true


def _words(value: Scalar) -> list[str]:
    return [word for part in value.text.split(",") if (word := part.strip())]
