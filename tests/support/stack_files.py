"""Stack files: those of this repository, which are data of sites, and the samples that tests of the program use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from panda_infra.config.stack import StackConfig
from panda_infra.secrets.generate import stand_ins
from panda_infra.stacks.project import Project
from testbed import site
from tools import REPOSITORY

__all__ = ["SAMPLES", "STACKS", "config_of", "stack_file"]

STACKS = Project(REPOSITORY).stacks
"""What the sites deploy. Only rehearsals and the judge of data may read these."""

SAMPLES = Project(REPOSITORY / "tests" / "samples")
"""A project with a stack of each kind."""


def stack_file(stack: str) -> Path:
    """The file of a stack that a site deploys."""
    return REPOSITORY / f"Pulumi.{stack}.yaml"


@cache
def config_of(stack: str) -> StackConfig:
    """A sample's configuration with stand-ins for all that only its site knows."""
    config = site.configuration(site.filled(SAMPLES.file(stack)))
    return config.model_copy(update={"secrets": stand_ins(config)})
