"""`status`: shows the state of a deployed stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import typer

from panda_infra.cli.output import JsonFlag, end_cell, line, results, show_json, table, warn
from panda_infra.cli.reached import planned
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError, State, find_pulumi
from panda_infra.config.secrets import Secrets
from panda_infra.ends import moment, span
from panda_infra.errors import PandaInfraError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.products.content import SecretContent
from panda_infra.secrets.build import build
from panda_infra.stacks.decrypted import decrypted

if TYPE_CHECKING:
    from panda_infra.live.argocd import ArgoCdStatus
    from panda_infra.live.status import Status, Unseen
    from panda_infra.stacks.access import Access

__all__ = ["status"]

T = TypeVar("T")


def status(stack: StackArgument, as_json: JsonFlag = False) -> None:
    """Show the real state of a deployed stack, and the settings of the stack file that are not deployed yet.

    Shown are its releases and pods, the nodes with their labels, a Magnum cluster with its node groups, LanDB aliases
    as wanted and as written, Argo CD with its version and address, and the end of each certificate, proxy, token and of
    the access to the cluster. Each problem is listed with its reason and the command that corrects it. The parts are
    independent: one that cannot be read is listed as a problem. Exit code 1 if a release is not deployed or stuck, a
    pod is missing or not ready, an object, node or alias is not as it should be, or something has expired or cannot be
    read. No secret is shown.

    **Examples**

    - `status doma`
    - `status doma --json` is for a monitor
    """
    from panda_infra.live.status import status_of  # noqa: PLC0415 - clients that other commands need not load

    now = datetime.now(UTC)
    plan, secrets, contents = _described(stack)
    pulumi = _otherwise_none(lambda: find_pulumi(project().folder))
    state = _otherwise_none(lambda: pulumi.state(stack)) if pulumi else None
    access, unseen = _way_in(plan, secrets, pulumi)
    before = state.recorded if state else None
    found = status_of(
        plan, access, before=before, contents=contents, hash_key=secrets.hash_key, unseen=unseen
    )
    at_work, killed = _runs(pulumi, stack, now)
    problems = [*found.problems(now), *killed, *([] if at_work else _unfinished(state, stack))]
    notes = [*at_work, *found.notes(now), *_unread(state, contents)]
    if as_json:
        show_json(asdict(found) | {"problems": problems, "notes": notes})
    else:
        _show(found, now)
        for note in notes:
            warn(note)
        for problem in problems:
            line(f"wrong: {problem}")
    if problems:
        raise typer.Exit(1)


def _described(stack: str) -> tuple[Plan, Secrets, Mapping[str, SecretContent] | None]:
    """The plan of the stack file, its secrets, and the contents of its Secrets if these can be decrypted."""
    here = project()
    try:
        config = decrypted(find_pulumi(here.folder), stack).config
    except PulumiError:
        return *planned(stack), None
    contents = None
    # `secrets audit` reports files that cannot be read.
    with chdir(here.folder), suppress(OSError, ValueError):
        contents = build(config)
    return make_plan(stack, config), config.secrets, contents


def _otherwise_none(question: Callable[[], T]) -> T | None:
    try:
        return question()
    except PandaInfraError:
        return None


def _way_in(plan: Plan, secrets: Secrets, pulumi: Pulumi | None) -> tuple[Access | None, list[Unseen]]:
    """The access to the cluster and the cloud; to the cluster alone if the cloud cannot be reached."""
    from panda_infra.live.status import Unseen  # noqa: PLC0415 - likewise
    from panda_infra.stacks.access import reach, recorded_access  # noqa: PLC0415 - as above

    with chdir(project().folder):
        try:
            return reach(plan.stack, plan.config.cluster, secrets), []
        except PandaInfraError as error:
            part = "the cloud" if plan.config.cluster.kind == "magnum" else "the cluster"
            unseen = [Unseen.of(part, error)]
    state = _otherwise_none(lambda: pulumi.state(plan.stack, secrets=True)) if pulumi else None
    return recorded_access(state.recorded) if state else None, unseen


def _runs(pulumi: Pulumi | None, stack: str, now: datetime) -> tuple[list[str], list[str]]:
    """A note for each run at work on the stack, and a problem for each killed one, as far as they are known."""
    found = (_otherwise_none(lambda: pulumi.runs(stack)) if pulumi else None) or ()
    described = {run: f"since {moment(run.since)} ({span(now - run.since)}), by {run.by}" for run in found}
    return (
        [
            f"an update is running {words}: what is shown may change"
            for run, words in described.items()
            if not run.dead
        ],
        [
            f"a run that was killed holds the stack's lock {words}: `pulumi cancel --stack {stack}` takes it away"
            for run, words in described.items()
            if run.dead
        ],
    )


def _unfinished(state: State | None, stack: str) -> Iterator[str]:
    """A problem if the state contains operations of an unfinished run."""
    if state and state.unfinished:
        yield (
            f"the state has {state.unfinished} operations without an end: a run works on the stack, or was killed; "
            f"then `pulumi cancel --stack {stack}`, `pulumi up --stack {stack}` and "
            f"`pulumi refresh --clear-pending-creates --stack {stack}` mend it"
        )


def _unread(state: State | None, contents: Mapping[str, SecretContent] | None) -> Iterator[str]:
    if state is None:
        yield "what was deployed last is not known: the state cannot be read"
    elif contents is None:
        yield "whether secrets have changed is not known: they cannot be decrypted here"


def _show(found: Status, now: datetime) -> None:
    _show_releases(found)
    _show_cluster(found)
    _show_nodes(found)
    if found.argocd:
        _show_argocd(found.argocd)
    ends = table("credential", "in Secret", "ends")
    for credential in found.credentials:
        ends.add_row(credential.key, credential.secret, end_cell(credential.expires, now))
    if found.access_expires:
        ends.add_row("access to the cluster", "-", end_cell(found.access_expires, now))
    if ends.row_count:
        results.print(ends)
    if found.undeployed == ():
        line("deployed: all that the stack file describes")
    for change in found.undeployed or ():
        line(f"not deployed: {change}")


def _show_releases(found: Status) -> None:
    releases = table("release", "component", "status", "revision", "pods ready", title=f"Stack {found.stack}")
    for release in found.releases:
        colour = "green" if release.is_healthy else "red"
        releases.add_row(
            release.name,
            release.component,
            f"[{colour}]{release.status or 'not there'}[/]",
            str(release.revision or "-"),
            f"{release.ready}/{release.pods}",
        )
    results.print(releases)


def _show_cluster(found: Status) -> None:
    if found.cluster is None:
        return
    line(f"cluster {found.cluster.name} ({found.cluster.id or 'no id'}): {found.cluster.status}")
    groups = table("node group", "role", "flavor", "status", "nodes", "wanted")
    for group in found.cluster.groups:
        wanted = "-" if group.wanted is None else str(group.wanted)
        groups.add_row(group.name, group.role, group.flavor, group.status, str(group.live), wanted)
    if found.cluster.groups:
        results.print(groups)


def _show_argocd(argocd: ArgoCdStatus) -> None:
    where = f" at {argocd.address}" if argocd.address else ", not exposed"
    version = argocd.version or "not there"
    line(f"Argo CD {version}{where}: namespace {argocd.namespace}, pods ready {argocd.ready}/{argocd.pods}")


def _show_nodes(found: Status) -> None:
    nodes = table("node", "role", "state", "labels", "wanted labels")
    for node in found.nodes:
        nodes.add_row(
            node.name,
            "master" if node.master else "worker",
            "[green]Ready[/]" if node.ready else "[red]not Ready[/]",
            _labels(node.live),
            _labels(node.wanted),
        )
    if found.nodes:
        results.print(nodes)
    aliases = table("server", "aliases written", "wanted")
    for server in found.aliases:
        aliases.add_row(server.server, "\n".join(server.written) or "-", "\n".join(server.wanted) or "-")
    if found.aliases:
        results.print(aliases)


def _labels(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "-"
