"""The stack files of this repository."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.secrets.generate import stand_ins
from testbed import site
from tools import REPOSITORY

__all__ = ["STACKS", "plan_of", "stack_file"]


def stack_file(stack: str) -> Path:
    """The file of a stack."""
    return REPOSITORY / f"Pulumi.{stack}.yaml"


STACKS = tuple(sorted(map(site.stack_name, REPOSITORY.glob("Pulumi.*.yaml"))))


@cache
def plan_of(stack: str) -> Plan:
    """A stack's plan with stand-ins for all that only its site knows."""
    config = site.configuration(site.filled(stack_file(stack)))
    return make_plan(stack, config.model_copy(update={"secrets": stand_ins(config)}))
