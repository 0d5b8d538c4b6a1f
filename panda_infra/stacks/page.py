"""A stack as a page in Markdown: what will exist, and what its site has to give."""

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
    """The page of a stack; of one whose plan needs values of the site, only which these are.

    Raises:
        StackError: something is wrong in the file beside values that are missing.
    """
    keys = list(_judged(project, stack))
    try:
        config = project.load(stack).config
    except StackError:
        return f"# {stack}\n\n{awaited(keys)}\n"
    return summary(make_plan(stack, config), site=[*keys, *_beyond_rules(config, stack)])


def _judged(project: Project, stack: str) -> Iterator[str]:
    """The keys without which a rule refuses the stack."""
    try:
        project.judge(stack)
    except StackError as error:
        if not error.awaits_site:
            raise
        yield from (problem.where for problem in error.problems)


def _beyond_rules(config: StackConfig, stack: str) -> Iterator[str]:
    """What else only the site knows: secrets are listed set or not, so that setting one leaves the page as it is."""
    yield from (each.where for each in setting_warnings(config, stack=stack) if each.awaits_site)
    bare = config.model_copy(update={"secrets": Secrets()})
    yield from (f"secrets.{field.key}" for field in missing(bare))
