"""Judges the sections of a stack before its file is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from panda_infra.config.load import from_pulumi
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import StackError
from panda_infra.rules.judge import judge_given
from panda_infra.stacks.project import Project

__all__ = ["judged"]


def judged(here: Project, stack: str, sections: Mapping[str, Any]) -> StackConfig:
    """The configuration that the sections make.

    Raises:
        StackError: a section is invalid, or breaks a rule other than that a value is missing that only the site knows.
    """
    values = {f"{NAMESPACE}:{name}": _passed(value) for name, value in sections.items()}
    config = from_pulumi(stack, values, (), folder=here.folder).config
    problems = [each for each in judge_given(config, stack=stack, folder=here.folder) if not each.awaits_site]
    if problems:
        raise StackError(f"Pulumi.{stack}.yaml", problems)
    return config


def _passed(value: Any) -> str:
    """The text of a section as the engine passes it."""
    return value if isinstance(value, str) else json.dumps(value)
