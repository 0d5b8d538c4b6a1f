"""Builds the content of each Secret of a stack."""

from __future__ import annotations

from collections.abc import Mapping

from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import ISSUED, filled_elsewhere, readers
from panda_infra.products.content import OPAQUE, TLS, SecretContent
from panda_infra.products.registry import BUILDERS, components_of, product_of_experiment

__all__ = ["build"]


def build(config: StackConfig) -> dict[str, SecretContent]:
    """Every Secret that this stack reads and makes itself, by suffix."""
    product = product_of_experiment(config.experiment)
    context = product.context(config)
    elsewhere = filled_elsewhere(config)
    # A rule refuses components of another product, whose builders need another context.
    own = {suffix for spec in components_of(product).values() for suffix in spec.builders}
    return {
        suffix: _content(suffix, BUILDERS[suffix](context))
        for suffix in readers(config)
        if suffix in own and suffix not in elsewhere
    }


def _content(suffix: str, values: Mapping[str, str | bytes]) -> SecretContent:
    data = {
        key: value if isinstance(value, bytes) else value.encode() for key, value in sorted(values.items())
    }
    return SecretContent(suffix, TLS if suffix.endswith(ISSUED) else OPAQUE, data)
