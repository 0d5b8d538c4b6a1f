"""`backup` and `restore`: backups of the databases inside a stack, by Jobs in its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from panda_infra.cli.errors import group
from panda_infra.cli.output import JsonFlag, line, results, say, show_json, table, write
from panda_infra.cli.reached import owned, planned, reached
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.cli.verdict import JunitOption, coloured, conclude
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError
from panda_infra.live.archive_drills import ArchiveDrills
from panda_infra.live.archives import archived, unarchived
from panda_infra.live.backups import Backups, Kept, chosen
from panda_infra.live.recovery import Recovery, moment_of, to_recover
from panda_infra.plan.backup import backed_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from panda_infra.clients.kubernetes.client import KubernetesApi
    from panda_infra.config.secrets import Secrets
    from panda_infra.plan.model import Plan
    from panda_infra.verify.drill import Drilled

__all__ = ["app", "restore"]

_NAME = "Name of a backup, as `backup list` prints it."
Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="Stop waiting after that time; the job goes on.")
]
_SIX_HOURS = 6 * 3600.0
_KILO = 1024
_HOUR = 3600

app = group("Backups of the databases inside a stack: now, list, verify, drill.")


@app.command()
def now(
    stack: StackArgument,
    component: Annotated[
        str | None, typer.Argument(metavar="[COMPONENT]", help="Component; all with a database if none.")
    ] = None,
    wait: Wait = _SIX_HOURS,
) -> None:
    """Make a backup of each database now, one after the other, and wait for its end.

    **Examples**

    - `backup now doma`
    - `backup now doma panda` before an upgrade
    """
    backups = _backups(stack, wait)
    for database in chosen(backups.plan, component):
        record = backups.make(database)
        if record is None:
            line(f"{database.name}: done, but its name is in a log that cannot be read")
        else:
            line(f"{record.name}: {_size(record.size)}, sha256 {record.sha256}")


@app.command("list")
def list_(stack: StackArgument, as_json: JsonFlag = False, wait: Wait = 600.0) -> None:
    """List when each database was last backed up on schedule, and the backups that are there.

    **Examples**

    - `backup list doma`
    """
    backups = _backups(stack, wait)
    last = {each.name: backups.last_success(each) for each in chosen(backups.plan)}
    if not as_json:
        scheduled = table("database", "last scheduled backup that succeeded (UTC)")
        for name, moment in last.items():
            scheduled.add_row(name, moment or "none yet")
        results.print(scheduled)
    kept = backups.listed()
    if as_json:
        show_json(_document(last, kept))
        return
    found = table("backup", "kind", "database", "size", "sha256")
    for each in kept.records:
        found.add_row(each.name, each.engine, each.source, _size(each.size), each.sha256)
    results.print(found)
    for name in kept.unfinished:
        line(f"{name} is not finished: if it never will be, a backup of another day deletes it")


@app.command()
def verify(
    stack: StackArgument,
    backup: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=f"{_NAME} Default: the newest one of each database."),
    ] = None,
    wait: Wait = _SIX_HOURS,
) -> None:
    """Fetch backups, compare their checksums, and read each dump to its end by the database's own programs.

    **Examples**

    - `backup verify doma`
    - `backup verify doma panda/20261130T021700Z`
    """
    backups = _backups(stack, wait)
    for name in [backup] if backup else _newest(backups.listed()):
        backups.verify(name)
        line(f"{name}: can be restored")


@app.command()
def drill(
    stack: StackArgument,
    component: Annotated[
        str | None, typer.Argument(metavar="[COMPONENT]", help="Component; all with a database if none.")
    ] = None,
    *,
    if_deployed: Annotated[
        bool,
        typer.Option(
            "--if-deployed",
            help="Do nothing for a stack whose state has no resource, or that makes no backups: for schedules.",
        ),
    ] = False,
    as_json: JsonFlag = False,
    junit: JunitOption = None,
    wait: Wait = _SIX_HOURS,
) -> None:
    """Restore the newest backup of each database into a server of its own, and count its tables and rows.

    The server is in the Job's pod, has no network and ends with it: nothing live is touched, and no log-in is used. Of
    a database by an operator, the operator makes servers with everything that its archive has, which are removed again.
    Exit code 0 if each database has a backup of the last 26 hours and it was restored; 1 if one has not; 3 if none has
    failed, but the output of a Job could not be read.

    **Examples**

    - `backup drill doma`
    - `backup drill doma panda`
    - `backup drill doma --junit drill.xml` is for a workflow
    """
    from panda_infra.review.engine import Engine  # noqa: PLC0415 - slow, for this command only
    from panda_infra.verify.checks import requirements_of  # noqa: PLC0415 - likewise
    from panda_infra.verify.report import as_data, as_junit  # noqa: PLC0415 - likewise
    from panda_infra.verify.requirements import judged  # noqa: PLC0415 - likewise

    if if_deployed and not Engine(find_pulumi(project().folder), stack).is_deployed():
        say(f"stack {stack} is not deployed: nothing is restored")
        return
    plan, secrets = planned(stack)
    if if_deployed and not backed_up(plan) and not archived(plan):
        say(f"stack {stack} makes no backups: nothing is restored")
        return
    if archived(plan):
        # Objects that are made from archives bear the stack's mark, which is derived from a secret.
        plan, secrets = owned(stack)
    drills = _drills(plan, secrets, component, wait)
    found = [each.result for each in drills]
    if junit:
        write(junit, as_junit(stack, found, "backup drill"))
    if as_json:
        asked = {each.check.requirement for each in found}
        titles = {name: title for name, title in requirements_of(plan).items() if name in asked}
        data = as_data(stack, found, judged(found, titles))
        show_json({**data, "databases": [each.as_data() for each in drills]})
    else:
        _show(drills)
    conclude(found)


def restore(
    stack: StackArgument,
    *,
    source: Annotated[str | None, typer.Option("--from", metavar="NAME", help=_NAME)] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="TIME", help="Time with its zone, for databases that archive every change."
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--of",
            metavar="COMPONENT",
            help="Component whose database is restored, with --to; default: the only one.",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="DATABASE",
            help="Database on the same server, made if it is missing; with --to, the name of new servers. Default: the "
            "live one's name with `_restored`.",
        ),
    ] = None,
    over_live: Annotated[
        bool,
        typer.Option("--over-live", help="Restore over the live database, whose content is lost."),
    ] = False,
    wait: Wait = _SIX_HOURS,
) -> None:
    """Restore a backup, or the data of a point in time, beside the live database; over it only by an explicit option.

    **Examples**

    - `restore doma --from panda/20261130T021700Z --into panda_db_before`
    - `restore doma --from panda/20261130T021700Z --over-live`
    - `restore doma --to 2026-11-30T02:17:00+00:00 --of idds`
    """
    if (source is None) == (to is None):
        raise typer.BadParameter("name a backup by --from, or a time by --to: one of the two")
    if to is not None:
        if over_live:
            raise typer.BadParameter(
                "--over-live is for --from: what was there at a time is restored beside it"
            )
        _recover(stack, to, of, into, wait)
        return
    if of is not None:
        raise typer.BadParameter("--of is for --to: the name of a backup has its component")
    assert source is not None  # noqa: S101 - one of the two
    if into and over_live:
        raise typer.BadParameter(
            "--into names another database, --over-live the live one: leave one of them out"
        )
    backups = _backups(stack, wait)
    live = backups.database_of(source).database
    target = live if over_live else into or f"{live}_restored"
    backups.restore(source, target, overwrite=over_live)
    line(f"{source} is in the database {target}")


def _recover(stack: str, to: str, of: str | None, into: str | None, wait: float) -> None:
    moment = moment_of(to)
    # The restored servers bear the stack's mark, which is derived from a secret.
    plan, secrets = owned(stack)
    database = to_recover(plan, of)
    api = reached(plan, secrets).api(stack)
    service = Recovery(api, plan, wait).start(database, moment, into)
    line(f"what {database.cluster} had at {moment.isoformat()} is served by {service}")


def _backups(stack: str, wait: float) -> Backups:
    plan, secrets = planned(stack)
    chosen(plan)
    api = reached(plan, secrets).api(stack)
    return _made(api, plan, wait)


def _made(api: KubernetesApi, plan: Plan, wait: float) -> Backups:
    return Backups(api, plan, wait, lambda name: say(f"job {name} ..."))


def _drills(plan: Plan, secrets: Secrets, component: str | None, wait: float) -> Sequence[Drilled]:
    """The drill of each database, or of those of a component: of dumps, then of operators' archives."""
    from panda_infra.verify.archive_drill import drilled_archives, not_drilled  # noqa: PLC0415 - as above
    from panda_infra.verify.drill import drilled  # noqa: PLC0415 - likewise

    begun, with_archive, plain = datetime.now(UTC), archived(plan), unarchived(plan)
    dumps = [each for each in backed_up(plan) if component in (None, each.component, each.name)]
    archives = [each for each in with_archive if component in (None, each.component)]
    without = [each for each in plain if component in (None, each.component)]
    if not (dumps or archives or without):
        others = [*(each.component for each in with_archive), *(each.component for each in plain)]
        if not others:
            chosen(plan, component)  # raises, with what is missing
        known = ", ".join([*(each.name for each in backed_up(plan)), *others])
        raise PandaInfraError(f"stack {plan.stack} backs up nothing of {component}; it does of {known}")
    found: list[Drilled] = []
    if dumps or archives:
        api = reached(plan, secrets).api(plan.stack)
        if dumps:
            found += drilled(_made(api, plan, wait), dumps, begun, say)
        if archives:
            drills = ArchiveDrills(api, plan, wait, lambda name: say(f"servers {name} ..."))
            found += drilled_archives(drills, archives, begun, say)
    return [*found, *not_drilled(plan, without)]


def _newest(kept: Kept) -> list[str]:
    """The newest backup of each database."""
    if not kept.newest:
        raise PandaInfraError("there is no backup yet: run `python -m panda_infra backup now STACK`")
    return [each.name for each in kept.newest.values()]


def _document(last: Mapping[str, str | None], kept: Kept) -> dict[str, object]:
    return {
        "scheduled": last,
        "backups": [asdict(each) for each in kept.records],
        "unfinished": list(kept.unfinished),
    }


def _show(drills: Sequence[Drilled]) -> None:
    shown = table("database", "result", "backup", "hours old", "tables", "rows", "seconds", "found")
    for each in drills:
        shown.add_row(
            each.database,
            coloured(each.result.outcome),
            each.backup or "none",
            "" if each.age is None else f"{each.age.total_seconds() / _HOUR:.1f}",
            *(("", "") if each.restored is None else (str(each.restored.tables), str(each.restored.rows))),
            f"{each.result.seconds:.0f}",
            Text("" if each.restored and each.result.outcome == "ok" else each.result.detail),
        )
    results.print(shown)


def _size(size: int) -> str:
    """A number of bytes for people."""
    number, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < _KILO:
            break
        number, unit = number / _KILO, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
