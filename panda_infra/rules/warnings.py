"""Warnings about stacks that work, but not for long or not completely."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem, shortened
from panda_infra.pins.pins import pins
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
    """Warnings about valid settings that charts or Argo CD do not fully support."""
    return [
        *product_of_experiment(config.experiment).warnings(config, stack),
        *_delivery(config),
        *_unpinned(config, stack),
    ]


def _unpinned(config: StackConfig, stack: str) -> Iterator[Problem]:
    """Charts and images of a protected stack whose name may get another content."""
    if not config.lifecycle.protect:
        return
    if names := sorted({pin.name for pin in pins(config) if not (pin.digest or pin.followed)}):
        what = f"no digest pins {shortened(names)}: what runs may change without a change of this file"
        yield Problem("components", what, f"Pin all charts and images: `python -m panda_infra pin {stack}`.")


def _delivery(config: StackConfig) -> Iterator[Problem]:
    """Settings by which Argo CD deploys without a change of the stack."""
    for name, component in config.components.deployed().items():
        if config.by_argo(name) and component.chart and component.chart.digest:
            what = "is compared by each run, but Argo CD takes what the registry has under the version"
            fix = "Run `check` before a sync by hand, or take charts from git by their commit."
            yield Problem(f"components.{name}.chart.digest", what, fix)
    if config.followed and config.lifecycle.protect:
        what = f"is {config.followed}: whoever may push there changes this protected stack without a review of it"
        yield Problem("delivery.follow", what, "Protect that branch, or remove this key.")
