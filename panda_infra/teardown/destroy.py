"""Run `pulumi destroy` for a test stack, remove the obstacles, and prove that nothing is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesUnreachableError
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import PandaInfraError
from panda_infra.live.silence import answers
from panda_infra.plan.model import Plan
from panda_infra.stacks.access import Access, with_cloud
from panda_infra.teardown.belongings import Belongings
from panda_infra.teardown.finalizers import free
from panda_infra.teardown.leftover import Leftover
from panda_infra.teardown.renewal import renew_access
from panda_infra.teardown.residue import residue

__all__ = ["destroy", "refuse_protected", "settled_residue", "without_lost_cluster"]

_SETTLE = 60.0  # seconds until volumes and servers that are being deleted count as left
_POLL = 2.0
_SILENCE = 30.0  # seconds without an answer after which a cluster may count as gone
Say = Callable[[str], None]


def refuse_protected(plan: Plan) -> None:
    """Refuse a stack whose data is protected.

    Raises:
        PandaInfraError: the stack is protected.
    """
    if plan.config.lifecycle.protect:
        raise PandaInfraError(
            f"stack {plan.stack} is protected: it is not destroyed and keeps its data.\n"
            "  Only if all of its data shall be deleted: write `lifecycle: {protect: false}`, run `pulumi up`, "
            "then try again"
        )


def without_lost_cluster(plan: Plan, access: Access, *, gone: bool) -> Access:
    """The access to the stack, without Kubernetes if the cluster is gone.

    It is gone if Magnum does not have it, or if a person states it by ``gone`` and its address gives no answer for a
    while. Any answer, even a refusal, comes from a cluster that exists.

    Raises:
        PandaInfraError: without ``gone``, the API refuses or does not answer; with it, the API answers.
    """
    cluster = plan.config.cluster
    name = f"cluster {cluster.name}" if isinstance(cluster, MagnumCluster) else "the cluster"
    if access.kubernetes is None:
        return access
    if gone:
        if answers(access.kubernetes, within=_SILENCE):
            raise PandaInfraError(
                f"{name} answers, so it is not gone and nothing was changed: without --cluster-gone, what is in it is "
                "deleted properly. If it refuses the credential, that must be renewed first"
            )
        return Access(None, access.openstack)
    try:
        access.kubernetes.call("GET", "/version")
    except KubernetesUnreachableError as error:
        raise PandaInfraError(
            f"{error}\n  If {name} was deleted or is lost for good: `python -m panda_infra destroy {plan.stack} "
            f"--cluster-gone` forgets what was in it, without deleting it, if nothing answers for {_SILENCE:.0f} s"
        ) from None
    return access


def destroy(plan: Plan, access: Access, pulumi: Pulumi, say: Say, *, free_after: float | None = None) -> None:
    """Run the engine until everything of the stack is deleted; its progress goes to the terminal.

    Args:
        plan: of a test stack.
        access: without Kubernetes if the cluster is gone; its objects are then dropped from the state.
        pulumi: the CLI.
        say: prints other events.
        free_after: seconds after which the finalizers of a waiting object are removed; None for never.

    Raises:
        PandaInfraError: the engine failed, with the obstacles; or it would delete objects of others.
    """
    environment = {} if access.kubernetes else {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}
    stack = Belongings(plan, access.kubernetes, pulumi.recorded(plan.stack)) if access.kubernetes else None
    if stack:
        stack.refuse_others()
        renew_access(plan, pulumi, access.target)
    with _freeing(stack, free_after, say):
        # The refresh drops objects that were deleted by hand: a missing release cannot be uninstalled.
        code = pulumi.follow("destroy", "--refresh", "--yes", "--stack", plan.stack, environment=environment)
    if code:
        raise PandaInfraError("\n  ".join([f"stack {plan.stack} is not destroyed", *_obstacles(stack)]))
    if stack:
        stack.delete_rest(say)


def settled_residue(plan: Plan, access: Access, patience: float = _SETTLE) -> list[Leftover]:
    """The leftovers after at most ``patience`` seconds, in which volumes and servers may still be deleted.

    Raises:
        PandaInfraError: the cluster or the cloud cannot be asked.
    """
    access = with_cloud(plan.config.cluster, access)
    end = time.monotonic() + patience
    while True:
        found = residue(plan, access)
        if not any(leftover.ours for leftover in found) or time.monotonic() >= end:
            return found
        time.sleep(_POLL)


def _obstacles(stack: Belongings | None) -> Iterator[str]:
    yield "The engine reports above why. What it calls protected, `pulumi up` with `protect: false` sets free first"
    if stack is None:
        return
    stuck = stack.stuck()
    yield from map(str, stuck)
    if stuck:
        yield "If their controllers are gone, add --free-after SECONDS: it takes the finalizers away"


@contextmanager
def _freeing(stack: Belongings | None, after: float | None, say: Say) -> Iterator[None]:
    """In the background, remove the finalizers of every object of the stack that has waited for too long."""
    if stack is None or after is None:
        yield
        return
    done = threading.Event()

    def work() -> None:
        while not done.wait(max(after / 2, 1)):
            try:
                _free_overdue(stack, timedelta(seconds=after), say)
            except KubernetesError as error:
                say(f"could not look for finalizers: {error}")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _free_overdue(stack: Belongings, after: timedelta, say: Say) -> None:
    for stuck in stack.stuck():
        if datetime.now(UTC) - stuck.since >= after:
            say(f"freeing {stuck}")
            free(stack.api, stuck)
