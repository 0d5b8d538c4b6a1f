"""`verify`: smoke checks of everything that a stack deploys."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from panda_infra.cli.output import JsonFlag, results, say, show_json, table, write
from panda_infra.cli.reached import planned, reached
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.cli.verdict import JunitOption, coloured, conclude
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.plan.standby import stands_by

if TYPE_CHECKING:
    from panda_infra.clients.log_store import LogStore
    from panda_infra.plan.model import Plan
    from panda_infra.stacks.access import Access
    from panda_infra.verify.asking import World
    from panda_infra.verify.requirements import Requirement
    from panda_infra.verify.results import Result

__all__ = ["verify"]


def verify(
    stack: StackArgument,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Ask only this check, or those of this component; may be repeated."
        ),
    ] = None,
    if_deployed: Annotated[
        bool,
        typer.Option(
            "--if-deployed", help="Ask nothing of a stack whose state has no resource: for schedules."
        ),
    ] = False,
    as_json: JsonFlag = False,
    junit: JunitOption = None,
) -> None:
    """Ask a running stack whether it does what it is for: servers, tokens, broker, databases, credentials, hosts.

    Each check has a time limit and names the requirement that it verifies; the end of the report has a line for each
    requirement. Servers are asked through the API server, everything else by a command in a pod with the pod's own
    passwords, hosts from this machine. Tests that a chart brings along (`helm test`) are run by Helm. A check that
    cannot be asked is skipped, with the reason, and never ok. No secret is shown. Exit code 0 if every check of what
    the stack has is ok; 1 if one has failed; 3 if none has failed, but some could not be asked, such as those of pods
    that a test bed simulates.

    **Examples**

    - `verify doma`
    - `verify doma --only panda --only msgsvc.round-trip`
    - `verify doma --junit verify.xml` is for a workflow
    """
    from panda_infra.review.engine import Engine  # noqa: PLC0415 - slow, for this command only
    from panda_infra.verify.checks import (  # noqa: PLC0415 - likewise
        checks_of,
        chosen,
        requirements_of,
    )
    from panda_infra.verify.own_tests import own_tests  # noqa: PLC0415 - likewise
    from panda_infra.verify.report import as_data, as_junit  # noqa: PLC0415 - likewise
    from panda_infra.verify.requirements import judged  # noqa: PLC0415 - likewise
    from panda_infra.verify.run import verified  # noqa: PLC0415 - likewise

    if if_deployed and not Engine(find_pulumi(project().folder), stack).is_deployed():
        say(f"stack {stack} is not deployed: nothing is asked")
        return
    plan, secrets = planned(stack)
    if stands_by(plan):
        say(f"stack {stack} stands by for another one: no service of it runs, and nothing is asked")
        return
    world = _world(plan, reached(plan, secrets))
    checks = chosen(checks_of(plan, own_tests(plan, world.api)), only or ())
    found = verified(world, checks, say)
    judgement = judged(found, requirements_of(plan))
    if junit:
        write(junit, as_junit(stack, found))
    if as_json:
        show_json(as_data(stack, found, judgement))
    else:
        _show(found, judgement)
    conclude(found)


def _world(plan: Plan, access: Access) -> World:
    from panda_infra.clients.hosts import HostsByHttps  # noqa: PLC0415 - slow, for this command only
    from panda_infra.clients.kubernetes.inside import InsideByApi  # noqa: PLC0415 - likewise
    from panda_infra.live.credentials import own_secrets  # noqa: PLC0415 - likewise
    from panda_infra.verify.asking import World  # noqa: PLC0415 - likewise
    from panda_infra.verify.own_tests import OwnTests  # noqa: PLC0415 - likewise

    api, target = access.api(plan.stack), access.way_in(plan.stack)
    secrets = own_secrets(plan, api)
    return World(
        plan,
        api,
        InsideByApi(target, plan.config.namespace),
        HostsByHttps(),
        OwnTests(target, plan.config.namespace),
        secrets,
        _log_store(plan, secrets),
    )


def _log_store(plan: Plan, secrets: Mapping[str, Mapping[str, Any]]) -> LogStore | None:
    from panda_infra.clients.log_store import LogStoreByHttp  # noqa: PLC0415 - slow, for this command only
    from panda_infra.plan.monitoring.logs import CREDENTIAL, NAME, shipping  # noqa: PLC0415 - likewise

    logs = shipping(plan.config)
    if logs is None or logs.search is None:
        return None
    headers = {"X-Scope-OrgID": logs.tenant} if logs.tenant else {}
    if credential := (secrets.get(NAME, {}).get("data") or {}).get(CREDENTIAL):
        headers["Authorization"] = f"Basic {b64decode(credential).decode()}"
    return LogStoreByHttp(logs.search.kind, logs.search.url, headers)


def _show(found: Sequence[Result], judgement: Sequence[Requirement]) -> None:
    checks = table("check", "result", "requirement", "found")
    for result in found:
        checks.add_row(
            result.check.name, coloured(result.outcome), result.check.requirement, Text(result.detail)
        )
    results.print(checks)
    verdicts = table("requirement", "result", "checks", "what it asks for")
    for each in judgement:
        verdicts.add_row(each.id, coloured(each.verdict), str(len(each.checks)), each.title)
    results.print(verdicts)
