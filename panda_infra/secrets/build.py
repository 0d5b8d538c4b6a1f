"""Builds the content of each Secret of a stack."""

from __future__ import annotations

from collections.abc import Mapping

from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import existing_secrets, readers
from panda_infra.products.content import OPAQUE, TLS, SecretContent
from panda_infra.products.registry import BUILDERS, product_of_experiment

__all__ = ["build"]


def build(config: StackConfig) -> dict[str, SecretContent]:
    """Every Secret that this stack reads and makes itself, by suffix."""
    context = product_of_experiment(config.experiment).context(config)
    provided = existing_secrets(config)
    return {
        suffix: _content(suffix, BUILDERS[suffix](context))
        for suffix in readers(config)
        if suffix not in provided
    }


def _content(suffix: str, values: Mapping[str, str | bytes]) -> SecretContent:
    data = {
        key: value if isinstance(value, bytes) else value.encode() for key, value in sorted(values.items())
    }
    return SecretContent(suffix, TLS if suffix.endswith("-tls-certs") else OPAQUE, data)
