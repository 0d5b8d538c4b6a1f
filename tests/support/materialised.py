"""The containers of a stack with the environment and the files that a kubelet would give them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from panda_infra.config.stack import StackConfig
from panda_infra.products.registry import COMPONENTS
from testbed.consumers import deployed
from testbed.consumers.pods import Container, containers
from tests.support import consumers, stack_files

__all__ = ["STACKS", "configuration", "containers_of", "materialised"]

STACKS = (*stack_files.SAMPLES.stacks, *(f"tests/{name}" for name in consumers.STACKS))
"""The stacks of the repository, and those that are only there for their consumers."""


def configuration(stack: str) -> StackConfig:
    """A stack's configuration with made-up values for all secrets."""
    name = stack.removeprefix("tests/")
    if name == stack:
        return consumers.with_files(stack_files.config_of(stack))
    return consumers.complete(name)


@cache
def materialised(stack: str, charts: Path) -> Mapping[str, Container]:
    """The containers of one of the stacks."""
    return containers_of(Path(stack).name, configuration(stack), charts)


def containers_of(stack: str, config: StackConfig, charts: Path) -> Mapping[str, Container]:
    """The containers that the charts in a folder make of a configuration, by names as `iam/main`."""
    found = {(each.release, each.name): each for each in containers(deployed.rendered(stack, config, charts))}
    return {
        f"{name}/{sub.name}": found[config.names.release(name), sub.name]
        for name in config.components.deployed()
        for sub in COMPONENTS[name].sub_components
        if (config.names.release(name), sub.name) in found
    }
