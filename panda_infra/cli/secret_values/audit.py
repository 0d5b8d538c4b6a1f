"""`secrets audit`: lists every secret of a stack with its state, problems and age."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import chdir
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from panda_infra.cli.output import JsonFlag, end_cell, line, results, show_json, table, warn
from panda_infra.cli.secret_values.advice import advice, can_be_made
from panda_infra.cli.secret_values.readers import listed
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.kubernetes.users import lasts_of
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.plan.consumers import filled_elsewhere
from panda_infra.products.content import reveal
from panda_infra.rules.judge import judge_values
from panda_infra.rules.warnings import warnings
from panda_infra.secrets.fields import Field, fields, value_of
from panda_infra.secrets.lifetimes import lifetime
from panda_infra.stacks.age import written_at
from panda_infra.stacks.decrypted import decrypted

__all__ = ["Row", "audit", "rows"]

Source = Literal["generated", "site", "file", "vault"]
State = Literal["set", "missing", "optional", "elsewhere"]
_COLOUR = {"set": "green", "missing": "red", "optional": "dim", "elsewhere": "cyan"}


@dataclass(frozen=True)
class Row:
    """One secret value with its origin, its readers, its state, and its start and end.

    ``state`` is ``elsewhere`` if somebody else provides all Secrets that contain it. ``expires`` is known for decrypted
    values that contain their end: certificates, grid proxies, tokens.
    """

    key: str
    title: str
    source: Source
    secrets: tuple[str, ...]
    consumers: tuple[str, ...]
    state: State
    written: datetime | None
    expires: datetime | None


def rows(config: StackConfig, written: Mapping[Path, datetime], in_vault: Collection[Path] = ()) -> list[Row]:
    """Every secret value that this stack reads, needs or contains; ``in_vault`` are paths in the stack file."""
    return [
        _row(field, config, written, in_vault)
        for field in fields(config)
        if field.reaches(config) or field.is_required(config) or value_of(config.secrets, field.path)
    ]


def audit(
    stack: StackArgument,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Decrypt nothing: no look at values and at the end of certificates."),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also show optional secrets that are not set.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List every secret of a stack: its origin, readers, state, age and end.

    The age is that of the line in git. Exit code 1 if a value is missing, expired or unusable.

    **Examples**

    - `secrets audit doma`
    - `secrets audit doma --offline` needs no passphrase
    - `secrets audit doma --json` is for a monitor
    """
    here = project()
    loaded = here.load(stack) if offline else decrypted(find_pulumi(here.folder), stack)
    config = loaded.config
    found = rows(config, written_at(here.file(stack)), loaded.references)
    with chdir(here.folder):
        problems = [*map(loaded.layers.located, judge_values(config, stack=stack))]
        soon = [*map(loaded.layers.located, warnings(config, stack=stack))]
    absent = [row for row in found if row.state == "missing"]
    if as_json:
        show_json(
            {
                "secrets": [asdict(row) for row in found],
                "problems": [asdict(problem) for problem in problems],
                "warnings": [asdict(problem) for problem in soon],
            }
        )
    else:
        _show(stack, [row for row in found if everything or row.state != "optional"], problems)
        for problem in soon:
            warn(str(problem))
        for what, command in advice(config, stack):
            line(f"missing: {what}\n  {command}")
    if absent or problems:
        raise typer.Exit(1)


def _row(
    field: Field, config: StackConfig, written: Mapping[Path, datetime], in_vault: Collection[Path]
) -> Row:
    reached = field.reaches(config)
    value = reveal(value_of(config.secrets, field.path))
    elsewhere = bool(reached) and reached.keys() <= filled_elsewhere(config)
    state: State = (
        "set"
        if value
        else "elsewhere"
        if elsewhere
        else "missing"
        if field.is_required(config)
        else "optional"
    )
    return Row(
        key=field.key,
        title=field.title,
        source=_source(field, config, in_vault),
        secrets=tuple(reached),
        consumers=tuple(dict.fromkeys(str(reader) for readers in reached.values() for reader in readers)),
        state=state,
        written=_since(("secrets", *field.path), written) if value else None,
        expires=_end(field, value, config),
    )


def _source(field: Field, config: StackConfig, in_vault: Collection[Path]) -> Source:
    if ("secrets", *field.path) in in_vault:
        return "vault"
    if can_be_made(field, config):
        return "generated"
    return "file" if field.is_file else "site"


def _end(field: Field, value: str, config: StackConfig) -> datetime | None:
    if field.path != ("kubeconfig",) or not isinstance(config.cluster, ExistingCluster):
        found = lifetime(value)
    else:
        found = lasts_of(value, config.cluster.context) if value not in ("", ENCRYPTED) else None
    return found.end if found else None


def _since(path: Path, written: Mapping[Path, datetime]) -> datetime | None:
    """The time when the value was written, or the mapping that is encrypted as a whole with it."""
    around = (path[:length] for length in range(len(path), 0, -1))
    return next((written[part] for part in around if part in written), None)


def _show(stack: str, found: Sequence[Row], problems: Sequence[Problem]) -> None:
    now = datetime.now(UTC)
    shown = table("secret", "from", "read by", "state", "age", "expires", title=f"Secrets of {stack}")
    for row in found:
        shown.add_row(
            row.key,
            row.source,
            listed(row.consumers) or "the program",
            f"[{_COLOUR[row.state]}]{row.state}[/]",
            f"{(now - row.written).days} d" if row.written else "-",
            end_cell(row.expires, now) if row.expires else "-",
        )
    results.print(shown)
    for problem in problems:
        line(f"wrong: {problem}")
