"""A stack's plan and the access to its cluster and cloud, for commands."""

from __future__ import annotations

from contextlib import chdir
from typing import TYPE_CHECKING, Annotated

import typer

from panda_infra.cli.stack_argument import project
from panda_infra.clients.pulumi.cli import PulumiError, find_pulumi
from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import StackError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.stacks.decrypted import decrypted

if TYPE_CHECKING:
    from panda_infra.stacks.access import Access

__all__ = ["ClusterGoneFlag", "owned", "planned", "reached", "where"]

ClusterGoneFlag = Annotated[
    bool,
    typer.Option(
        "--cluster-gone",
        help="The cluster was deleted or is lost for good: forget what was in it. Refused if anything answers there.",
    ),
]


def planned(stack: str) -> tuple[Plan, Secrets]:
    """The plan of a stack file, and its secrets: decrypted only if the kubeconfig is one of them.

    Raises:
        StackError: with every problem of the file.
    """
    here = project()
    config = here.load(stack).config
    if isinstance(config.cluster, ExistingCluster) and config.cluster.kubeconfig is None:
        config = decrypted(find_pulumi(here.folder), stack).config
    return make_plan(stack, config), config.secrets


def owned(stack: str) -> tuple[Plan, Secrets]:
    """The plan and the decrypted secrets, which identify the stack's own objects; encrypted if decryption fails."""
    here = project()
    try:
        config = decrypted(find_pulumi(here.folder), stack).config
    except (PulumiError, StackError):
        return planned(stack)
    return make_plan(stack, config), config.secrets


def reached(plan: Plan, secrets: Secrets, *, gone: bool = False) -> Access:
    """The tested access to the cluster and the cloud of a plan.

    Raises:
        PandaInfraError: there is no access.
    """
    from panda_infra.stacks.access import reach  # noqa: PLC0415 - clients that other commands need not load
    from panda_infra.teardown.destroy import without_lost_cluster  # noqa: PLC0415 - likewise

    with chdir(project().folder):
        access = reach(plan.stack, plan.config.cluster, secrets)
        return without_lost_cluster(plan, access, gone=gone)


def where(plan: Plan) -> str:
    """The cluster and namespace of a stack in words, so that a person can recognise them."""
    cluster = plan.config.cluster
    if isinstance(cluster, ExistingCluster):
        context = f", context {cluster.context}" if cluster.context else ""
        file = cluster.kubeconfig or "secrets.kubeconfig"
        stays = " (adopted, which stays)" if plan.config.adopts_namespace else ""
        return f"namespace {plan.config.namespace}{stays} of the cluster in {file}{context}"
    if isinstance(cluster, StackCluster):
        return f"namespace {plan.config.namespace} of the cluster of stack {cluster.stack}"
    if cluster.stays:
        return (
            f"namespace {plan.config.namespace} of Magnum cluster {cluster.name}, which was taken over and stays; "
            "labels, aliases and settings that the stack gave it go"
        )
    end = ", which was not made by this stack," if cluster.adopt else ""
    return f"Magnum cluster {cluster.name}{end} with everything in it"
