"""`plan-changes`: lists the stacks that a commit changes, with their changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from panda_infra.cli.output import JsonFlag, alone, results, show_json
from panda_infra.cli.stack_argument import project
from panda_infra.products.registry import EXPERIMENTS
from panda_infra.review.commits import CommitError, common_ancestor, full_name, revision_of
from panda_infra.review.compare import StackChange, touched

__all__ = ["TEST_BEDS", "changes_between", "plan_changes"]

_LONGEST = 100
TEST_BEDS = frozenset(name for name, experiment in EXPERIMENTS.items() if experiment.on_test_bed)
"""Stacks without a cloud, which have the name of their experiment: there is nothing to preview."""


def plan_changes(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Commit, branch or tag to compare with.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="Commit to look at.")] = "HEAD",
    as_json: JsonFlag = False,
    as_matrix: Annotated[
        bool, typer.Option("--matrix", help="Print `stacks=[...]`, an output of GitHub's workflows.")
    ] = False,
) -> None:
    """List the stacks that HEAD deploys differently from the commit where it left BASE, offline.

    The Plans of both commits are made and judged by their own code and compared, not the names of changed files. A
    stack file that breaks a rule gives no Plan; if the base's file does, the stack counts as touched, with the
    problems of the base. With `--json`, `touched` lists the stacks to preview, `removed` those whose file is gone, and
    `changes` the differences of each; `--matrix` lists the touched ones without the stack of the test bed, for which
    there is nothing to preview.

    The exit code is 0 whether stacks are touched or not, and 1 if a stack of HEAD has no Plan; with `--matrix` only
    if HEAD cannot be described at all.

    Examples:
    `plan-changes main` looks at what is checked out. `plan-changes v1.2 v1.3 --json` is for other
    programs.
    """
    if as_matrix:
        alone("--matrix", {"--json": as_json})
    changes = changes_between(base, head)
    invalid = [change for change in changes if any(reason.startswith("head: ") for reason in change.reasons)]
    if as_matrix:
        typer.echo(f"stacks={json.dumps([name for name in _present(changes) if name not in TEST_BEDS])}")
        return  # an invalid stack fails in its own preview job and must not block the others
    if as_json:
        show_json(_summary(changes))
    else:
        for line in _lines(changes):
            results.print(line, markup=False)
    if invalid:
        raise typer.Exit(1)


def changes_between(base: str, head: str) -> tuple[StackChange, ...]:
    """The stacks of this checkout that ``head`` touches.

    Raises:
        CommitError: a commit is not in the repository, or the code of ``head`` fails.
    """
    repository = project().folder
    newer = full_name(repository, head)
    older = common_ancestor(repository, full_name(repository, base), newer)
    with ThreadPoolExecutor(max_workers=2) as pool:
        before, after = pool.map(lambda commit: revision_of(repository, commit), (older, newer))
    if after.trouble:
        raise CommitError(f"{head}: {after.trouble}")
    return touched(before, after)


def _summary(changes: Sequence[StackChange]) -> dict[str, Any]:
    return {
        "touched": _present(changes),
        "removed": [change.stack for change in changes if change.kind == "removed"],
        "changes": [change.as_json() for change in changes],
    }


def _present(changes: Sequence[StackChange]) -> list[str]:
    return [change.stack for change in changes if change.kind != "removed"]


def _lines(changes: Sequence[StackChange]) -> list[str]:
    if not changes:
        return ["no stack is touched"]
    lines: list[str] = []
    for change in changes:
        lines.append(f"{change.stack}: {change.kind}")
        lines += [f"  {reason}" for reason in change.reasons]
        lines += [f"  component {name}: {kind}" for name, kind in change.components.items()]
        lines += [
            f"  {each.path}: {_short(each.before)} -> {_short(each.after)}" for each in change.differences
        ]
    return lines


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
