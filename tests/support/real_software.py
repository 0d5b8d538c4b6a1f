"""Real software of packages, for tests that start it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from panda_infra.config.stack import StackConfig
from testbed.charts import FIXTURES
from testbed.consumers import deployed, run
from testbed.consumers.sandbox import Check
from tools.errors import ToolsError

__all__ = ["real_software", "tried"]


@contextmanager
def real_software() -> Iterator[None]:
    """Skip the test where programs of packages cannot be started, or a package is not to be had."""
    if reason := run.obstacle():
        pytest.skip(reason)
    try:
        yield
    except ToolsError as error:
        pytest.skip(f"a package is not to be had: {error}")


def tried(stack: str, config: StackConfig, consumers: Iterable[str], **variants: StackConfig) -> list[Check]:
    """What consumers make of a stack with the fixture charts; the test is skipped as by `real_software`.

    ``variants`` are other configurations of the stack, by the names that consumers know.
    """
    with real_software():
        return run.run(
            deployed.rendered(stack, config, FIXTURES),
            config,
            tuple(consumers),
            variants={name: deployed.rendered(stack, each, FIXTURES) for name, each in variants.items()},
        )
