"""Turn the engine's configuration into a plan that is safe to deploy, or into one clear error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple
from warnings import simplefilter

import pulumi
from pulumi.runtime import get_config_env, get_config_secret_keys_env

from panda_infra.clients.vault import vault_of
from panda_infra.cluster.existing import check_cluster, check_lent, ends_soon
from panda_infra.cluster.magnum.keypair import MadeKeypair
from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.load import from_pulumi
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.delivery.argocd_manifests import check_manifests
from panda_infra.delivery.charts import check_charts
from panda_infra.errors import PandaInfraError, Problem
from panda_infra.plan.capacity import Storage, cloud_storage
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.scheduling import larger_than_nodes
from panda_infra.plan.standby import Role
from panda_infra.products.content import SecretContent
from panda_infra.rules.data_loss import lost_data, moved
from panda_infra.rules.judge import Judge
from panda_infra.rules.split_brain import split
from panda_infra.rules.warnings import warnings
from panda_infra.state.from_engine import deployed
from panda_infra.state.recorded import Recorded

__all__ = ["Ready", "plain_errors", "plan_of_this_stack"]

# This exit code means to Pulumi's language host that the error is already printed; any other is an error of its own.
_REPORTED = 32


class Ready(NamedTuple):
    """The data of a deployment: the plan, and the secrets that a plan must not contain.

    ``secrets`` are the values of the stack file, ``contents`` those of the Secrets that are made of them,
    ``issued`` stands for those that cert-manager fills, and ``keypair`` is the one that the stack makes for a Magnum
    cluster, if any.
    """

    plan: Plan
    secrets: Secrets
    contents: Mapping[str, SecretContent]
    issued: Mapping[str, SecretContent]
    keypair: MadeKeypair | None


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with the text of an error instead of a traceback."""
    try:
        yield
    except PandaInfraError as error:
        pulumi.log.error(str(error))
        # The coroutine that registers the stack is never awaited, for which Python would warn.
        simplefilter("ignore", RuntimeWarning)
        sys.exit(_REPORTED)


def plan_of_this_stack() -> Ready:
    """Make the plan of the running stack and check it against cluster, cloud and charts before any change.

    Raises:
        StackError: with all problems of the stack file, or if it has none, of the things that it refers to.
    """
    stack, judge = pulumi.get_stack(), Judge(thorough=False)
    loaded = from_pulumi(stack, get_config_env(), get_config_secret_keys_env(), rules=judge, vault=vault_of())
    secrets = loaded.config.secrets
    for problem in [*warnings(loaded.config, stack=stack), *_kubeconfig_ends_soon(stack, loaded.config)]:
        pulumi.log.warn(str(loaded.layers.located(problem)))
    plan = make_plan(stack, loaded.config)
    before = deployed()
    found, keypair = _check_world(plan, secrets, _with_lent_cluster(plan, before))
    problems = [
        *lost_data(before.releases, plan),
        *moved(before.namespaces, plan, protected=before.protected),
        *split(plan, before.role, _other_role(plan)),
        *found,
    ]
    if problems:
        raise loaded.error(problems)
    return Ready(plan, secrets, judge.contents, _issued(plan, secrets, before), keypair)


def _other_role(plan: Plan) -> Role | None:
    """The role of the other stack of a pair when it was last deployed; None if it never was."""
    standby = plan.config.standby
    return deployed(standby.other(plan.stack)).role if standby else None


def _issued(plan: Plan, secrets: Secrets, before: Recorded) -> Mapping[str, SecretContent]:
    if plan.config.certificates.kind != "cert-manager":
        return {}
    from panda_infra.live.preflight import issued_so_far  # noqa: PLC0415 - slow, and not needed for other stacks

    return issued_so_far(plan, secrets, _with_lent_cluster(plan, before))


def _kubeconfig_ends_soon(stack: str, config: StackConfig) -> list[Problem]:
    cluster = config.cluster
    return ends_soon(stack, cluster, config.secrets) if isinstance(cluster, ExistingCluster) else []


def _with_lent_cluster(plan: Plan, before: Recorded) -> Recorded:
    """The state, with the access to the cluster that another stack lends, if it has one yet."""
    cluster = plan.config.cluster
    if not isinstance(cluster, StackCluster):
        return before
    return replace(before, kubeconfig=deployed(cluster.stack).kubeconfig)


def _check_world(plan: Plan, secrets: Secrets, before: Recorded) -> tuple[list[Problem], MadeKeypair | None]:
    with ThreadPoolExecutor() as beside:
        charts = beside.submit(_check_charts, plan)
        manifests = beside.submit(check_manifests, plan)
        cluster, keypair = _check_cluster(plan, secrets, before)
        # The content of a cluster can only be read with a working credential.
        found = cluster or _check_target(plan, secrets, before)
    return [*charts.result(), *manifests.result(), *found], keypair


def _check_charts(plan: Plan) -> Sequence[Problem]:
    """The problems of the charts; those that Argo CD delivers are rendered when all were found and fetched."""
    problems = check_charts(plan.config.charts, [release.chart for release in plan.releases])
    if problems or not any(release.argocd for release in plan.releases):
        return problems
    from panda_infra.delivery.unstable_charts import check_renders  # noqa: PLC0415 - slow, for Argo CD alone

    found = check_renders(plan)
    for note in found.notes:
        pulumi.log.warn(note)
    return found.problems


def _check_target(plan: Plan, secrets: Secrets, before: Recorded) -> list[Problem]:
    from panda_infra.live.preflight import inspect  # noqa: PLC0415 - slow, and not needed for a wrong file

    report = inspect(plan, secrets, before, previewing=pulumi.runtime.is_dry_run())
    for line in report.notes:
        pulumi.log.info(line)
    return list(report.problems)


def _check_cluster(
    plan: Plan, secrets: Secrets, before: Recorded
) -> tuple[list[Problem], MadeKeypair | None]:
    config = plan.config
    if isinstance(config.cluster, ExistingCluster):
        return check_cluster(plan.stack, config.cluster, secrets), None
    if isinstance(config.cluster, StackCluster):
        return check_lent(config.cluster, before.kubeconfig), None
    from panda_infra.cluster.magnum.preflight import Stack, check_magnum  # noqa: PLC0415 - slow, for Magnum stacks only

    of_pair = config.standby is not None
    stack = Stack(plan.owner, before, plan.aliases, _storage(plan, before), of_pair)
    report = check_magnum(config.cluster, stack)
    for line in report.quota:
        pulumi.log.info(f"quota of {line}")
    for note in report.notes:
        pulumi.log.warn(note)
    return [*report.problems, *larger_than_nodes(plan, report.flavors)], report.keypair


def _storage(plan: Plan, before: Recorded) -> Storage:
    """The storage that the claims still need; none for an installation that is taken over, whose claims exist."""
    return Storage() if plan.config.takes_over else cloud_storage(plan, but=before.releases)
