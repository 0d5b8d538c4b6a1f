"""Everything that can be told about a configuration without a cloud, as one verdict."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path as FilePath

from panda_infra import rules
from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.rules.secret_values import check_values
from panda_infra.secrets.fields import missing_problems

__all__ = ["judge", "judge_given"]

_HERE = FilePath()


def judge(config: StackConfig, *, stack: str, broken: Collection[Path] = ()) -> list[Problem]:
    """Every rule that a configuration breaks, and every secret that is missing or no good.

    Args:
        config: may lack the ``broken`` parts.
        stack: its name, for the commands that mend it.
        broken: paths that were refused before; with any, secrets are not judged, as who needs them is unknown.
    """
    problems = judge_given(config, stack=stack, broken=broken)
    return problems if broken else [*problems, *missing_problems(config, stack=stack)]


def judge_given(
    config: StackConfig, *, stack: str, broken: Collection[Path] = (), folder: FilePath = _HERE
) -> list[Problem]:
    """The same without what is missing: what a person can correct before the site has given its secrets.

    ``folder`` is that of the project, with CRIC's files.
    """
    problems = rules.check(config, stack=stack, broken=broken)
    return problems if broken else [*problems, *check_values(config, stack=stack, folder=folder)]
