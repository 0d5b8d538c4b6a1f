"""Everything that can be told about a configuration without a cloud, as one verdict."""

from __future__ import annotations

from collections.abc import Collection

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan import rules
from panda_infra.secrets.checks import check_values
from panda_infra.secrets.fields import missing_problems

__all__ = ["judge"]


def judge(config: StackConfig, *, stack: str, broken: Collection[Path] = ()) -> list[Problem]:
    """Every rule that a configuration breaks, and every secret that is missing or no good.

    Args:
        config: may lack the ``broken`` parts.
        stack: its name, for the commands that mend it.
        broken: paths that were refused before; with any, secrets are not judged, as who needs them is unknown.
    """
    problems = rules.check(config, stack=stack, broken=broken)
    if not broken:
        problems += missing_problems(config, stack=stack)
        problems += check_values(config, stack=stack)
    return problems
