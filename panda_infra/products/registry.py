"""Finds everything that can be deployed: products below this folder, and their components below those.

A product is a package with a module ``product``, a component a module of the product's package ``components``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from panda_infra import products
from panda_infra.products.model import Builder, ComponentSpec
from panda_infra.products.product import Experiment, Product

__all__ = [
    "BUILDERS",
    "COMPONENTS",
    "EXPERIMENTS",
    "PRODUCTS",
    "components_of",
    "product_of",
    "product_of_experiment",
    "shipped_chart",
    "usual",
]


def _products() -> Iterator[Product]:
    for module in pkgutil.iter_modules(products.__path__, f"{products.__name__}."):
        if module.ispkg:
            yield import_module(f"{module.name}.product").PRODUCT


def _components(product: Product) -> list[ComponentSpec]:
    folder = import_module(f"{products.__name__}.{product.name}.components")
    modules = pkgutil.iter_modules(folder.__path__, f"{folder.__name__}.")
    found: list[ComponentSpec] = [import_module(module.name).COMPONENT for module in modules]
    return sorted(found, key=lambda spec: spec.position)


def _found() -> list[tuple[Product, list[ComponentSpec]]]:
    """Each product with its components, in the order of these."""
    found = [(product, _components(product)) for product in _products()]
    return sorted(found, key=lambda each: each[1][0].position)


_FOUND = _found()
PRODUCTS: Mapping[str, Product] = MappingProxyType({product.name: product for product, _ in _FOUND})
_BY_PRODUCT = {product.name: specs for product, specs in _FOUND}
COMPONENTS: Mapping[str, ComponentSpec] = MappingProxyType(
    {spec.name: spec for specs in _BY_PRODUCT.values() for spec in specs}
)
"""Every component by its name, in the order of all lists."""
EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {name: experiment for product in PRODUCTS.values() for name, experiment in product.experiments.items()}
)
BUILDERS: Mapping[str, Builder] = MappingProxyType(
    {suffix: builder for spec in COMPONENTS.values() for suffix, builder in spec.builders.items()}
)
"""The builder of the content of each Secret, by its suffix."""
_PRODUCT_OF = {spec.name: PRODUCTS[product] for product, specs in _BY_PRODUCT.items() for spec in specs}


def components_of(product: Product) -> Mapping[str, ComponentSpec]:
    """A product's components by their names, in the order of all lists."""
    return {spec.name: spec for spec in _BY_PRODUCT[product.name]}


def usual(product: Product) -> tuple[str, ...]:
    """The components of a product that a new stack has: those with a chart of upstream's, and all that they need."""
    return tuple(name for name, spec in components_of(product).items() if spec.upstream)


def shipped_chart(spec: ComponentSpec) -> str:
    """The folder of a chart that is part of the program, relative to the project: equal in every checkout."""
    return f"panda_infra/products/{product_of(spec.name).name}/charts/{spec.chart_name}"


def product_of(component: str) -> Product:
    """The product that a component is part of."""
    return _PRODUCT_OF[component]


def product_of_experiment(experiment: str) -> Product:
    """The product that an experiment runs."""
    return next(product for product in PRODUCTS.values() if experiment in product.experiments)
