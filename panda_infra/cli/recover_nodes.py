"""`recover-nodes`: node recovery for a schedule outside of the cluster."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import suppress
from secrets import token_hex
from typing import Annotated, Any

import typer

from panda_infra.cli.output import line, warn
from panda_infra.cli.reached import planned, reached
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.pod.kubernetes import CallError
from panda_infra.clients.pod.nova import ID, SECRET, Nova
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.config.node_recovery import NodeRecovery
from panda_infra.config.secrets import Secrets
from panda_infra.errors import PandaInfraError
from panda_infra.node_recovery.confirmation import by_nova, unconfirmed
from panda_infra.node_recovery.controller import PAUSE, Confirm, Controller, Round
from panda_infra.node_recovery.decision import Limits
from panda_infra.node_recovery.lease import Api, Hold
from panda_infra.stacks.decrypted import decrypted

__all__ = ["recover_nodes"]


def recover_nodes(
    stack: StackArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing, and print what would be written.")
    ] = False,
) -> None:
    """Take dead nodes of a stack's cluster out of service, and give back those that are alive again.

    It is what `nodeRecovery` does in the cluster, once, for a schedule elsewhere. If a node is not ready, it watches
    its heartbeat for `nodeRecovery.silentFor` seconds first; otherwise it ends at once. While another process is at
    work, such as the one in the cluster, it does nothing.

    **Examples**

    - `recover-nodes doma --dry-run`
    - `recover-nodes doma` each minute, where `nodeRecovery.runs` is `outside`
    """
    plan, secrets = planned(stack)
    settings = plan.config.node_recovery
    if settings is None:
        raise PandaInfraError(
            f"stack {stack} has no section `nodeRecovery`: write e.g. `panda-infra:nodeRecovery: {{confirm: none}}`"
        )
    if settings.confirm == "nova":
        secrets = decrypted(find_pulumi(project().folder), stack).config.secrets
    api = _calls(reached(plan, secrets).api(stack))
    # Containers may have the name of the machine and the number of the process in common.
    holder = f"{platform.node()}-{os.getpid()}-{token_hex(3)}"
    hold = None if dry_run else Hold(api, plan.config.namespace, holder)
    limits = Limits(settings.silent_for, settings.share, settings.apart)
    controller = Controller(api, _confirm(settings, secrets), limits, hold, dry_run)
    try:
        for done in _rounds(controller, settings):
            _tell(done, dry_run=dry_run)
    except CallError as error:
        raise PandaInfraError(str(error)) from None
    finally:
        if hold:
            with suppress(CallError):
                hold.give_up()


def _rounds(controller: Controller, settings: NodeRecovery) -> Iterator[Round]:
    """Rounds until no node is silent, or its silence has been watched and answered."""
    ends = time.monotonic() + settings.silent_for + settings.apart + 2 * PAUSE
    while True:
        done = controller.round()
        # The Lease of a process that was killed ends while it is watched.
        if not done.other or done.other_lives:
            yield done
            acted = controller.dry_run and done.out
            if done.other or acted or not done.silent or time.monotonic() > ends:
                return
        time.sleep(PAUSE)


def _tell(done: Round, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    for name in done.out:
        line(f"node {name} {would}taken out of service")
    for name in done.back:
        line(f"node {name} {would}given back")
    for text in done.said:
        warn(text)
    if done.other:
        line(f"{done.other} is at work: nothing is done here")


def _calls(kubernetes: KubernetesApi) -> Api:
    def call(method: str, path: str, body: Any = None) -> Any:
        try:
            return kubernetes.call(method, path, body=body)
        except KubernetesError as error:
            raise CallError(str(error), error.status) from None

    return call


def _confirm(settings: NodeRecovery, secrets: Secrets) -> Confirm:
    if settings.confirm == "none":
        return unconfirmed
    given = {ID: secrets.node_recovery.credential_id, SECRET: secrets.node_recovery.credential_secret}
    if not all(given.values()):
        raise PandaInfraError(
            "secrets.nodeRecovery: is not complete, and Nova cannot be asked; run `python -m panda_infra secrets audit`"
        )
    known = {key: value.get_secret_value() for key, value in given.items() if value}
    return by_nova(Nova(settings.auth_url or "", settings.region or "", lambda: known))
