"""The one judge: finds every problem of a stack that can be found without a cloud.

`check`, `init`, `import`, `adopt`, reviews and the program itself use it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path as FilePath

from panda_infra.config.paths import Path, spelled
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.content import SecretContent
from panda_infra.products.registry import COMPONENTS, product_of, product_of_experiment
from panda_infra.products.rule import WHOLE
from panda_infra.rules.book import rules
from panda_infra.rules.subject import Subject
from panda_infra.secrets.fields import missing_problems

__all__ = ["Judge", "judge_given", "judge_values"]

_HERE = FilePath()


class Judge:
    """Judges one stack and keeps the contents of its Secrets.

    Args:
        folder: the project's folder, with CRIC's files.
        now: the time at which certificates and tokens must be valid; by default the present.
        awaits: whether a missing secret is a problem too.
        thorough: whether secret values are proved again, which were proved when they were set.
    """

    def __init__(
        self,
        *,
        folder: FilePath = _HERE,
        now: datetime | None = None,
        awaits: bool = True,
        thorough: bool = True,
    ) -> None:
        self._folder, self._now, self._awaits, self._thorough = folder, now, awaits, thorough
        self._subject: Subject | None = None

    def __call__(self, config: StackConfig, *, stack: str, broken: Collection[Path] = ()) -> list[Problem]:
        """The problems of every rule that a configuration breaks.

        Args:
            config: the configuration, which may be without the ``broken`` parts.
            stack: its name, for the commands in fixes.
            broken: paths that are invalid. Rules that read their sections are left out, except that a broken component
                does not hide rules about the others.
        """
        product = product_of_experiment(config.experiment)
        strangers = tuple(name for name in config.components.deployed() if product_of(name) is not product)
        if strangers:
            config = _without(config, strangers)
        now = self._now or datetime.now(UTC)
        self._subject = Subject(config, stack, self._folder, now, strangers, self._thorough)
        left_out = _sections(broken)
        problems = [
            problem
            for rule in rules(product)
            if left_out.isdisjoint(rule.reads)
            for problem in rule(self._subject)
            if not _doubtful(problem.where, broken)
        ]
        if self._awaits and not broken:
            problems += missing_problems(config, stack=stack)
        return list(dict.fromkeys(problems))

    @property
    def contents(self) -> Mapping[str, SecretContent]:
        """The content of each Secret of the last judged stack, which must be valid."""
        assert self._subject  # noqa: S101 - callers judge first
        return self._subject.contents


def judge_given(
    config: StackConfig,
    *,
    stack: str,
    broken: Collection[Path] = (),
    folder: FilePath = _HERE,
    now: datetime | None = None,
) -> list[Problem]:
    """The problems without missing secrets: those that a person can correct before the site provides its secrets."""
    return Judge(folder=folder, now=now, awaits=False)(config, stack=stack, broken=broken)


def judge_values(config: StackConfig, *, stack: str, now: datetime | None = None) -> list[Problem]:
    """The problems of given secret values, which are a part of those of `judge_given`."""
    problems = judge_given(config, stack=stack, now=now)
    return [
        problem
        for problem in problems
        if problem.where.startswith(("secrets.", "Secret ")) and not problem.awaits_site
    ]


def _without(config: StackConfig, names: Iterable[str]) -> StackConfig:
    """The configuration without some components."""
    fields = {name.replace("-", "_"): None for name in names}
    return config.model_copy(update={"components": config.components.model_copy(update=fields)})


def _sections(broken: Collection[Path]) -> frozenset[str]:
    """The sections whose rules are left out."""
    sections = {path[0] for path in broken if path} - {"components"}
    if ("components",) in broken:
        sections.add("components")
    return frozenset({str(section) for section in sections} | ({WHOLE} if broken else set()))


def _doubtful(where: str, broken: Collection[Path]) -> bool:
    """True if a problem may be only the consequence of a broken part of the same component."""
    inside = {path[1] for path in broken if path[0] == "components" and len(path) > 1}
    if any(where.startswith(f"{spelled(('components', name))}.") for name in inside):
        return True
    # A misspelt component is not a missing one.
    misspelt = any(name not in COMPONENTS for name in inside)
    return misspelt and where in {spelled(("components", name)) for name in COMPONENTS}
