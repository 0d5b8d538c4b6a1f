"""The experiments that run CTAO's DPPS, and the environments of their stacks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from panda_infra.products.product import Experiment

__all__ = ["ENVIRONMENTS", "EXPERIMENTS", "MADE_FOR_ONE_RUN", "Environment"]

EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "ctao-dpps": Experiment("CTAO's DPPS"),
        "ctao-dpps-ci": Experiment("CTAO's DPPS for developers and CI", on_test_bed=True),
    }
)
"""The experiments of sites, and those that are made for one run."""

Environment = Literal["local", "ci", "staging", "pre-prod", "prod"]
MADE_FOR_ONE_RUN: tuple[Environment, ...] = ("local", "ci")
"""The environments whose stacks are made from fixtures."""
ENVIRONMENTS: tuple[Environment, ...] = tuple(
    each for each in get_args(Environment) if each not in MADE_FOR_ONE_RUN
)
"""The others, for which a data centre has stacks."""
