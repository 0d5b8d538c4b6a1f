"""The experiments that run CTAO's DPPS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from panda_infra.products.product import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "ctao-dpps": Experiment("CTAO's DPPS"),
        "ctao-dpps-ci": Experiment("CTAO's DPPS for developers and CI", on_test_bed=True),
    }
)
"""Those of the sites, and those that are made for one run."""
