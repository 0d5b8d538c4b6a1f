"""PanDA's part of the registry, for tests of what only PanDA has."""

from panda_infra.products.registry import BUILDERS as _BUILDERS
from panda_infra.products.registry import PRODUCTS, components_of

__all__ = ["BUILDERS", "COMPONENTS", "PRODUCT"]

PRODUCT = PRODUCTS["panda"]
COMPONENTS = components_of(PRODUCT)
BUILDERS = {
    suffix: builder
    for suffix, builder in _BUILDERS.items()
    if any(suffix in spec.builders for spec in COMPONENTS.values())
}
