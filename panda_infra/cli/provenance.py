"""`provenance`: signed records of a stack's deployments."""

from __future__ import annotations

import getpass
import os
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_infra.cli.errors import group
from panda_infra.cli.output import JsonFlag, results, say, show_json, table
from panda_infra.cli.plan_changes import changes_between
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.pulumi.cli import Pulumi, find_pulumi
from panda_infra.config.provenance import Provenance
from panda_infra.errors import PandaInfraError, Problem, StackError
from panda_infra.provenance.anchor import TAG, Anchor

if TYPE_CHECKING:
    from panda_infra.config.stack import StackConfig
    from panda_infra.provenance.ledger import Entry, Ledger
    from panda_infra.stacks.project import Project

__all__ = ["app"]

app = group("Signed records of deployments: write one, verify all.")


@app.command()
def record(
    stack: StackArgument,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="BASE", help="Do nothing when the stack's Plan is the one of this commit."
        ),
    ] = "",
) -> None:
    """Record what was deployed just now: plan, commit, who, when, and each release, chart and image.

    Run it after each deployment, on the commit that was deployed, as the workflows do. The record is signed by the
    private key in the file that `PANDA_INFRA_SIGNING_KEY` names and added to `provenance.repository`, where it names
    the record before it; no record is ever overwritten. The backend keeps its digest with the state, and nothing is
    recorded behind a record that the registry has lost. It changes nothing in the deployment. Of a stack without the
    section `provenance`, and of one that is not deployed, nothing is recorded.

    Example: `provenance record doma`
    """
    from panda_infra.provenance.keys import SIGNING_KEY, KeyFlawError, signing_key  # noqa: PLC0415 - slow

    here = project()
    config = here.load(stack).config
    if config.provenance is None:
        say(f"stack {stack} has no section `provenance`: nothing is recorded")
        return
    if since and not any(change.stack == stack for change in changes_between(since, "HEAD")):
        say(f"stack {stack} is not touched: nothing is recorded")
        return
    ledger = _ledger(here, stack, config.provenance)
    key = signing_key(os.environ.get(SIGNING_KEY, ""))
    if key.public_key() not in ledger.keys:
        raise KeyFlawError(
            f"the key in the file that {SIGNING_KEY} names is not that of `provenance.publicKey`: nobody could verify "
            "the record. `openssl pkey -in FILE -pubout` shows what belongs there"
        )
    body = _body(here, stack, config)
    if body is None:
        say(f"stack {stack} is not deployed: nothing is recorded")
        return
    pulumi = find_pulumi(here.folder)
    anchor = _anchor(pulumi, stack, config.provenance)
    if anchor and (flaw := anchor.flaw(ledger.digest(anchor.number))):
        raise PandaInfraError(
            f"{flaw}: nothing is recorded behind it. Restore what the registry has lost, or name another repository in "
            "`provenance.repository`, where the records begin anew"
        )
    made = ledger.append(body, key)
    pulumi.set_tag(stack, TAG, Anchor(made.number, made.digest, config.provenance.repository).text)
    say(f"record {made.number} of stack {stack}: {made.digest}")


@app.command()
def verify(stack: StackArgument, as_json: JsonFlag = False) -> None:
    """List the records of a stack, and verify their signatures, their order and that the newest is of what runs now.

    Exit code 1 if a record is missing, was changed or is not signed by a key of `provenance.publicKey`, if it does not
    name the one before it, if the backend knows a newer one, or if the stack was deployed since the newest one. No key
    is needed but that in the stack file.

    **Examples**

    - `provenance verify doma`
    - `provenance verify doma --json` prints everything that is recorded
    """
    from panda_infra.review.engine import Engine  # noqa: PLC0415 - slow, for this command only
    from panda_infra.review.seal import EMPTY  # noqa: PLC0415 - likewise

    here = project()
    config = here.load(stack).config
    if config.provenance is None:
        what = "is missing: no records are kept"
        fix = "Write e.g. `provenance: {repository: oci://registry.site.org/records, publicKey: |...}`."
        raise StackError(here.file(stack).name, [Problem("provenance", what, fix)])
    entries = _ledger(here, stack, config.provenance).entries()
    pulumi = find_pulumi(here.folder)
    anchor = _anchor(pulumi, stack, config.provenance)
    state = Engine(pulumi, stack).state() if pulumi.has(stack) else EMPTY
    newest = entries[-1] if entries else None
    flaws = [f"record {each.number} {each.flaw}" for each in entries if each.flaw]
    if anchor and (lost := anchor.flaw({each.number: each.digest for each in entries}.get(anchor.number))):
        flaws.append(lost)
    # A record that cannot be read counts as one of the present state.
    recorded = (newest.body or {"state": state})["state"] if newest else EMPTY
    if state not in (EMPTY, recorded):
        flaws.append(f"stack {stack} was deployed since the newest record: run `provenance record {stack}`")
    if as_json:
        found = [
            {"number": each.number, "digest": each.digest, "flaw": each.flaw, "record": each.body}
            for each in entries
        ]
        show_json({"stack": stack, "records": found, "flaws": flaws})
    else:
        _show(entries)
    for flaw in flaws:
        say(f"error: {flaw}")
    if flaws:
        raise typer.Exit(1)
    if not as_json:
        say(f"{len(entries)} records of stack {stack} are in order")


def _anchor(pulumi: Pulumi, stack: str, section: Provenance) -> Anchor | None:
    """The newest record that the backend has noted; None if there is none."""
    return Anchor.of(pulumi.tag(stack, TAG), section.repository) if pulumi.has(stack) else None


def _ledger(here: Project, stack: str, section: Provenance) -> Ledger:
    from panda_infra.clients.registry.artifacts import Repository  # noqa: PLC0415 - slow, for these commands only
    from panda_infra.provenance.keys import KeyFlawError, public_keys  # noqa: PLC0415 - likewise
    from panda_infra.provenance.ledger import Ledger  # noqa: PLC0415 - likewise

    try:
        keys = public_keys(section.public_key)
    except KeyFlawError as flaw:
        fix = "Write the text that `openssl pkey -in FILE -pubout` prints."
        raise StackError(here.file(stack).name, [Problem("provenance.publicKey", str(flaw), fix)]) from None
    return Ledger(Repository.at(section.repository), stack, keys)


def _body(here: Project, stack: str, config: StackConfig) -> dict[str, Any] | None:
    """The record of what is deployed now; None if nothing is."""
    from panda_infra.plan.make import make_plan  # noqa: PLC0415 - slow, for this command only
    from panda_infra.provenance.contents import contents  # noqa: PLC0415 - likewise
    from panda_infra.review.commits import checked_out  # noqa: PLC0415 - likewise
    from panda_infra.review.describe import revision  # noqa: PLC0415 - likewise
    from panda_infra.review.engine import Engine  # noqa: PLC0415 - likewise
    from panda_infra.review.seal import EMPTY  # noqa: PLC0415 - likewise

    pulumi = find_pulumi(here.folder)
    state = Engine(pulumi, stack).state() if pulumi.has(stack) else EMPTY
    if state == EMPTY:
        return None
    commit, changed = checked_out(here.folder)
    return {
        "stack": stack,
        "experiment": config.experiment,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": _by(),
        "commit": commit,
        "uncommittedChanges": changed,
        "plan": revision(here.folder).fingerprint(stack),
        "state": state,
        "program": _version(here),
        **contents(make_plan(stack, config), pulumi.recorded(stack)),
    }


def _by() -> dict[str, str]:
    """The person who has deployed: that behind a workflow's run, with its address, else the user of this machine."""
    given = os.environ
    if given.get("GITHUB_ACTIONS"):
        run = (
            f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_REPOSITORY']}/actions/runs/{given['GITHUB_RUN_ID']}"
        )
        return {"name": given["GITHUB_ACTOR"], "run": run}
    if given.get("GITLAB_CI"):
        return {"name": given["GITLAB_USER_LOGIN"], "run": given["CI_JOB_URL"]}
    return {"name": getpass.getuser(), "run": ""}


def _version(here: Project) -> str:
    text = (here.folder / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _show(entries: list[Entry]) -> None:
    shown = table("record", "time", "by", "commit", "digest", "result")
    for each in entries:
        body = each.body or {}
        commit = str(body.get("commit") or "-")[:12] + (
            " and changes" if body.get("uncommittedChanges") else ""
        )
        shown.add_row(
            str(each.number),
            str(body.get("time") or "-"),
            str((body.get("by") or {}).get("name") or "-"),
            commit,
            each.digest or "-",
            f"[red]{each.flaw}[/]" if each.flaw else "[green]ok[/]",
        )
    results.print(shown)
