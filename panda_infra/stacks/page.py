"""A stack as a Markdown page: its resources, and the values that its site must give."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.plan.make import make_plan
from panda_infra.plan.summary import awaited, summary
from panda_infra.rules.warnings import setting_warnings
from panda_infra.secrets.fields import missing
from panda_infra.stacks.project import Project

__all__ = ["page"]


def page(project: Project, stack: str) -> str:
    """The page of a stack; if its plan needs values of the site, only a list of these.

    Raises:
        StackError: the file has other problems than missing values.
    """
    keys = list(_judged(project, stack))
    try:
        config = project.load(stack).config
    except StackError:
        return f"# {stack}\n\n{awaited(keys)}\n"
    return summary(make_plan(stack, config), site=[*keys, *_beyond_rules(config, stack)])


def _judged(project: Project, stack: str) -> Iterator[str]:
    """The missing keys for which a rule refuses the stack."""
    try:
        project.judge(stack)
    except StackError as error:
        if not error.awaits_site:
            raise
        yield from (problem.where for problem in error.problems)


def _beyond_rules(config: StackConfig, stack: str) -> Iterator[str]:
    """Other values that only the site knows. All secrets are listed, so that setting one does not change the page."""
    yield from (each.where for each in setting_warnings(config, stack=stack) if each.awaits_site)
    bare = config.model_copy(update={"secrets": Secrets()})
    yield from (f"secrets.{field.key}" for field in missing(bare))
