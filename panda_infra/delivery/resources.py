"""Turn the plan into Pulumi resources; all decisions are in the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi

from panda_infra.cluster.existing import existing_cluster
from panda_infra.cluster.handle import ClusterHandle
from panda_infra.cluster.lent import LENT, borrowed
from panda_infra.cluster.magnum.keypair import MadeKeypair
from panda_infra.config.cluster import ExistingCluster, StackCluster
from panda_infra.config.secrets import Secrets
from panda_infra.delivery.argocd_stack import ArgoCdStack
from panda_infra.delivery.charts import locate
from panda_infra.delivery.protection import Protection
from panda_infra.delivery.releases import Component, by_helm
from panda_infra.delivery.secrets import StackSecrets, own_secret
from panda_infra.delivery.shared_logs import shared_logs
from panda_infra.kubernetes_resources import KubernetesObject, KubernetesProvider
from panda_infra.plan.argocd_names import OURS, UNDELETED
from panda_infra.plan.backup import backed_up
from panda_infra.plan.consumers import awaited
from panda_infra.plan.data import post_renderer
from panda_infra.plan.developer import deployer, guard_objects, namespace_labels
from panda_infra.plan.footprint import client_authorities, logs_volume
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.objects import monitoring_names
from panda_infra.plan.network.policies import policies
from panda_infra.plan.node_recovery import recovers_in_cluster
from panda_infra.plan.pod_identities import KIND as DOCKER
from panda_infra.plan.pod_identities import account, accounts, pull_secret
from panda_infra.plan.protection import namespace_marks, protection_marks
from panda_infra.plan.standby import mark as standby_mark
from panda_infra.plan.standby import stands_by
from panda_infra.products.content import SecretContent, reveal
from panda_infra.secrets.rolling import pod_annotations

if TYPE_CHECKING:
    from panda_infra.delivery.certificates import CertificateResources
    from panda_infra.delivery.operators import DatabaseResources

__all__ = ["deploy"]


def deploy(
    plan: Plan,
    secrets: Secrets,
    contents: Mapping[str, SecretContent],
    issued: Mapping[str, SecretContent],
    keypair: MadeKeypair | None,
) -> None:
    """Register all resources of the plan, and export their addresses.

    Args:
        plan: of the stack.
        secrets: the values of the stack file, for the access to the cluster and the key of the hashes.
        contents: of each Secret that the stack makes.
        issued: what stands for the content of each Secret that cert-manager fills.
        keypair: of a Magnum cluster, if the stack makes it.
    """
    cluster = _cluster(plan, secrets, keypair)
    inside = pulumi.ResourceOptions(provider=cluster.provider, depends_on=list(cluster.depends_on))
    argocd = [_argocd(plan, secrets, inside)] if plan.argocd else []
    account = deployer(plan.config)
    deployed_by = cluster.acting_as(account) if account else None
    _components(plan, secrets, contents, inside, argocd, issued=issued, deployed_by=deployed_by)
    _export(plan)


def _cluster(plan: Plan, secrets: Secrets, keypair: MadeKeypair | None) -> ClusterHandle:
    cluster = plan.config.cluster
    if isinstance(cluster, ExistingCluster):
        return existing_cluster(plan.stack, cluster, secrets)
    if isinstance(cluster, StackCluster):
        return borrowed(cluster, plan.hosts.values())
    from panda_infra.cluster.magnum.component import Magnum  # noqa: PLC0415 - slow, for Magnum stacks only

    made = Magnum(
        "magnum",
        cluster,
        aliases=plan.aliases,
        owner=str(plan.owner),
        keypair=keypair,
        protect=plan.config.lifecycle.protect,
    )
    if plan.config.developers is not None:
        pulumi.export(LENT, {"id": made.cluster_id, "kubeconfig": made.kubeconfig})
    pulumi.export("cluster", {"id": made.cluster_id, "api": made.api_address, "credentialEnds": made.expires})
    return made.handle


def _namespace(plan: Plan, mark: Mapping[str, str], opts: pulumi.ResourceOptions) -> KubernetesObject:
    metadata = {
        "name": plan.config.namespace,
        "labels": {"app.kubernetes.io/managed-by": "panda-infra", **namespace_labels(plan.config)},
        "annotations": {**namespace_marks(plan.config.lifecycle), **mark},
    }
    protected = pulumi.ResourceOptions(protect=plan.config.lifecycle.protect)
    return KubernetesObject(
        "Namespace",
        "namespace",
        {"metadata": metadata},
        pulumi.ResourceOptions.merge(opts, protected),
    )


def _components(
    plan: Plan,
    values: Secrets,
    contents: Mapping[str, SecretContent],
    inside: pulumi.ResourceOptions,
    argocd: Sequence[pulumi.Resource],
    *,
    issued: Mapping[str, SecretContent],
    deployed_by: KubernetesProvider | None,
) -> None:
    annotations = pod_annotations(plan.config, {**contents, **issued}, values.hash_key)
    name, mark, outside = plan.config.namespace, plan.owner.mark, inside
    first: list[pulumi.Resource] = []
    if not plan.config.adopts_namespace:
        first.append(_namespace(plan, mark, inside))
        inside = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=list(first)))
    if not stands_by(plan):
        # The mark is written before a service starts, so that the other stack finds it even if its file is old.
        first += _role(plan, inside)
    first += _guards(plan, mark, inside)
    first += _policies(plan, mark, inside)
    first += (
        KubernetesObject("ServiceAccount", f"account-{each}", account(plan, each), inside)
        for each in accounts(plan)
    )
    if plan.shared_claim:
        protected = pulumi.ResourceOptions(protect=plan.config.lifecycle.protect)
        first.append(
            shared_logs(
                plan.shared_claim,
                namespace=name,
                volume_name=logs_volume(name),
                mark=mark,
                opts=pulumi.ResourceOptions.merge(inside, protected),
            )
        )
    if content := pull_secret(plan, values.registry):
        replaced = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(delete_before_replace=True))
        name_of = plan.config.pull_secret
        first.append(own_secret(plan, "registry", name_of, content, replaced, kind=DOCKER))
    first += (_client_authorities(plan, suffix, mark, inside) for suffix in client_authorities(plan))
    beside = [_node_recovery(plan, values, inside)] if recovers_in_cluster(plan) else []
    if backed_up(plan):
        beside.append(_backup(plan, values, inside))
    if monitoring_names(plan):
        beside.append(_monitoring(plan, values, inside))
    databases = list(_databases(plan, values, contents, inside))
    by_argo = any(release.argocd for release in plan.releases)
    secrets = StackSecrets(
        _in_order_of_need(plan, contents),
        names=plan.names,
        namespace=name,
        mark=mark | UNDELETED if by_argo else mark,
        labels=OURS if by_argo else {},
        opts=inside,
    )
    certificates = [_certificates(plan, values, inside)] if issued else []
    filled = secrets.by_suffix | {
        suffix: each for made in certificates for suffix, each in made.by_suffix.items()
    }
    applied = ArgoCdStack(plan, values.argocd, after=argocd, opts=outside) if by_argo else None
    made: dict[str, Component] = {}
    for release in plan.releases:
        hashes = {sub: each for (owner, sub), each in annotations.items() if owner == release.component}
        made[release.component] = Component(
            release,
            applied.application(release, hashes)
            if applied and release.argocd
            else by_helm(
                release,
                locate(plan.config.charts, release.chart),
                namespace=name,
                annotations=hashes,
                postrender=post_renderer(plan, release),
            ),
            depends_on=[
                *first,
                *(applied.first if applied and release.argocd else ()),
                *(filled[suffix] for suffix in awaited(plan.secrets, release.component) if suffix in filled),
                *(each for found in databases for each in found.of.get(release.component, ())),
                *(made[other].release for other in release.after),
            ],
            # An Application is in Argo CD's namespace; its project limits what it may make.
            opts=inside
            if release.argocd
            else pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(provider=deployed_by)),
        )
    # The mark of a stack that stands by is written last, when no service of it runs any more.
    last = _role(plan, inside, after=[each.release for each in made.values()]) if stands_by(plan) else []
    Protection(
        protect=plan.config.lifecycle.protect,
        marks=protection_marks(
            name, plan.config.lifecycle, _as_found(plan), plan.argocd.namespace if plan.argocd else ""
        ),
        everything=[
            *argocd,
            *first,
            *beside,
            *databases,
            secrets,
            *certificates,
            *([applied] if applied else []),
            *made.values(),
            *last,
        ],
    )


def _role(
    plan: Plan, opts: pulumi.ResourceOptions, after: Sequence[pulumi.Resource] = ()
) -> list[KubernetesObject]:
    """The mark with the stack's role, if it is one of a pair."""
    wanted = standby_mark(plan)
    if wanted is None:
        return []
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(after)))
    return [KubernetesObject(wanted.kind, wanted.name, wanted.fields, opts)]


def _argocd(plan: Plan, secrets: Secrets, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Argo CD itself."""
    from panda_infra.delivery.argocd_installation import ArgoCdInstallation  # noqa: PLC0415 - likewise

    return ArgoCdInstallation(plan, secrets, opts)


def _certificates(plan: Plan, values: Secrets, opts: pulumi.ResourceOptions) -> CertificateResources:
    """Certificates, which cert-manager issues."""
    from panda_infra.delivery.certificates import CertificateResources  # noqa: PLC0415 - for few stacks only

    return CertificateResources(plan, reveal(values.authority), opts)


def _node_recovery(plan: Plan, values: Secrets, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Node recovery, for which no component waits."""
    from panda_infra.delivery.node_recovery import NodeRecoveryResources  # noqa: PLC0415 - for few stacks only

    return NodeRecoveryResources(plan, values.node_recovery, opts)


def _backup(plan: Plan, values: Secrets, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Backups, for which no component waits."""
    from panda_infra.delivery.backup import BackupResources  # noqa: PLC0415 - for few stacks only

    return BackupResources(plan, values.backup, opts)


def _monitoring(plan: Plan, values: Secrets, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Exporters, objects for Prometheus, and the shipper of logs; no component waits for them."""
    from panda_infra.delivery.monitoring import MonitoringResources  # noqa: PLC0415 - for few stacks only

    return MonitoringResources(plan, values.monitoring, opts)


def _databases(
    plan: Plan, values: Secrets, contents: Mapping[str, SecretContent], opts: pulumi.ResourceOptions
) -> Iterator[DatabaseResources]:
    """Databases of operators, for which their components wait."""
    if not (plan.config.postgres or plan.config.mariadb):
        return
    from panda_infra.delivery.mariadb import mariadb  # noqa: PLC0415 - for few stacks only
    from panda_infra.delivery.operators import DatabaseResources  # noqa: PLC0415 - likewise
    from panda_infra.delivery.postgres import postgres  # noqa: PLC0415 - likewise

    if plan.config.postgres:
        yield DatabaseResources(plan, postgres(plan, values.postgres, contents), opts)
    if plan.config.mariadb:
        yield DatabaseResources(plan, mariadb(plan, values.mariadb, contents), opts)


def _guards(plan: Plan, mark: Mapping[str, str], opts: pulumi.ResourceOptions) -> Iterator[KubernetesObject]:
    """The objects that keep a developer's namespace apart, before there is a pod in it."""
    for each in guard_objects(plan.config):
        inside = {"namespace": each.namespace} if each.namespace else {}
        metadata = {"name": each.name, "annotations": mark, **inside}
        fields = {"apiVersion": each.api, "metadata": metadata, **each.content}
        yield KubernetesObject(each.kind, each.key, fields, opts)


def _policies(
    plan: Plan, mark: Mapping[str, str], opts: pulumi.ResourceOptions
) -> Iterator[KubernetesObject]:
    """The network policies, made before the pods that they select."""
    for each in policies(plan):
        metadata = {
            "name": each.name,
            "namespace": plan.config.namespace,
            "labels": OURS,
            "annotations": mark,
        }
        fields = {"apiVersion": each.api, "metadata": metadata, "spec": each.spec}
        yield KubernetesObject(each.kind, f"{each.kind.lower()}-{each.name}", fields, opts)


def _as_found(plan: Plan) -> list[str]:
    """The components that keep the chart values of a former installation."""
    deployed = plan.config.components.deployed()
    return [name for name, each in deployed.items() if each.adopted and each.adopted.values]


def _client_authorities(
    plan: Plan, suffix: str, mark: Mapping[str, str], opts: pulumi.ResourceOptions
) -> KubernetesObject:
    """The ConfigMap of the authorities for client certificates, which a Gateway needs (T34)."""
    name, namespace = plan.names.secret(suffix), plan.config.namespace
    metadata = {"name": name, "namespace": namespace, "annotations": mark}
    data = {"ca.crt": plan.config.exposure.client_ca}
    return KubernetesObject("ConfigMap", suffix, {"metadata": metadata, "data": data}, opts)


def _in_order_of_need(plan: Plan, contents: Mapping[str, SecretContent]) -> dict[str, SecretContent]:
    """The Secrets in the order of the releases, so that the first releases do not wait for all Secrets."""
    needed = dict.fromkeys(
        suffix for release in plan.releases for suffix in awaited(plan.secrets, release.component)
    )
    return {suffix: contents[suffix] for suffix in needed if suffix in contents}


def _export(plan: Plan) -> None:
    pulumi.export("namespace", plan.config.namespace)
    pulumi.export("hosts", {field: f"https://{host}" for field, host in plan.hosts.items()})
    if plan.argocd:
        address = f"https://{plan.argocd.host}" if plan.argocd.host else ""
        pulumi.export("argocd", {"version": plan.argocd.version, "address": address})
    pulumi.export("charts", {release.component: release.chart.version for release in plan.releases})
