"""Warnings about stacks that work, but not for long or not completely."""

from __future__ import annotations

from datetime import UTC, datetime

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.registry import product_of_experiment
from panda_infra.secrets.certificate_flaws import certificate_flaws
from panda_infra.secrets.lifetimes import check_lifetimes

__all__ = ["setting_warnings", "warnings"]


def warnings(config: StackConfig, *, stack: str, now: datetime | None = None) -> list[Problem]:
    """Secret values that will soon be invalid, and the warnings of `setting_warnings`."""
    moment = now or datetime.now(UTC)
    return [
        *certificate_flaws(config, stack, moment, soon=True),
        *check_lifetimes(config, stack, moment, soon=True),
        *setting_warnings(config, stack=stack),
    ]


def setting_warnings(config: StackConfig, *, stack: str) -> list[Problem]:
    """Warnings about valid settings that a product's charts do not fully support."""
    return list(product_of_experiment(config.experiment).warnings(config, stack))
