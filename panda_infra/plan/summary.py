"""Writes a plan as a page for reviewers."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from panda_infra.config.argocd import ArgoCd
from panda_infra.config.backup import Backup, BucketStore
from panda_infra.config.charts import ChartSource, FolderCharts, OciCharts
from panda_infra.config.cluster import Cluster, ExistingCluster, MagnumCluster, StackCluster
from panda_infra.config.delivery import Exposure, Placement
from panda_infra.config.monitoring import Monitoring
from panda_infra.config.network_policies import NetworkPolicies
from panda_infra.config.node_recovery import NodeRecovery
from panda_infra.config.operators import Archive, Servers
from panda_infra.plan.backup import backed_up
from panda_infra.plan.capacity import Requests, Workload, node_sizes, total, workloads
from panda_infra.plan.mariadb import operated_mariadb
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.exporters import exporters, monitoring_of
from panda_infra.plan.monitoring.logs import shipping
from panda_infra.plan.monitoring.scrapes import scrapes
from panda_infra.plan.network.edges import policies_of
from panda_infra.plan.operators import Served
from panda_infra.plan.order import critical_path
from panda_infra.plan.postgres import operated
from panda_infra.plan.standby import role_of
from panda_infra.products.metrics import traces_to
from panda_infra.products.model import Claim
from panda_infra.products.network import EVERY_PORT
from panda_infra.products.registry import COMPONENTS, EXPERIMENTS

__all__ = ["awaited", "summary"]

# The suffix of a chart's default, and what replaces a default of a chart version that the program does not describe.
_CHARTS = " (chart)"
_UNKNOWN = "?"
# Parts of a component that are shown as one where they do the same.
_MANY = 4


def summary(plan: Plan, *, site: Sequence[str] = ()) -> str:
    """The plan as Markdown.

    Args:
        plan: the plan.
        site: keys whose values only the site knows, secrets included.
    """
    running = list(workloads(plan))
    blocks = [
        f"# {plan.stack}: {EXPERIMENTS[plan.config.experiment].title}",
        _bullets(_facts(plan, running)),
        _section("Releases", ("component", "release", "chart", "after"), _releases(plan)),
        _section("Hosts", ("host", "leads to"), _hosts(plan)),
        _section(
            "Workloads", ("workload", "kind", "pods", "image", "requests of a pod"), _running(plan, running)
        ),
        _section("Volumes", ("workload", "volume", "comes from"), _volumes(plan, running)),
        _section("Secrets", ("Secret", "read by"), _secrets(plan)),
        _section("Connections", ("from", "to", "port", "there"), _connections(plan, running)),
        awaited(site),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _facts(plan: Plan, running: Sequence[Workload]) -> Iterator[tuple[str, str]]:
    config = plan.config
    kept = "protected" if config.lifecycle.protect else "not protected: may be destroyed with its data"
    _, path = critical_path(COMPONENTS, {release.component: 1.0 for release in plan.releases})
    yield "Cluster", _cluster(config.cluster)
    yield "Namespace", f"{config.namespace}, {kept}"
    yield "Charts", _charts(config.charts, config.followed)
    if any(release.argocd for release in plan.releases):
        yield "Delivered by", _delivery(plan)
    if plan.addresses:
        yield "Exposed by", _exposure(config.exposure)
    if config.argocd:
        yield "Argo CD", _argocd(plan, config.argocd)
    if config.placement != Placement():
        yield "Placement", _placement(config.placement)
    if section := policies_of(config):
        yield "Network policies", _policies(section)
    if config.node_recovery:
        yield "Node recovery", _node_recovery(config.node_recovery)
    yield from _of_databases(plan)
    yield from _of_sight(plan)
    if found := [name for name, each in config.components.deployed().items() if each.adopted]:
        yield "Kept as found", _listed(found)
    yield "Longest chain", " → ".join(path)
    yield "Requests", str(total(running)) + _of(config.cluster)


def _cluster(cluster: Cluster) -> str:
    if isinstance(cluster, ExistingCluster):
        return "exists already" + (", runs no pod as root" if cluster.no_root else "")
    if isinstance(cluster, StackCluster):
        return f"that of stack {cluster.stack}"
    groups = [(cluster.flavor, cluster.node_count), *((g.flavor, g.count) for g in cluster.node_groups)]
    nodes = " and ".join(f"{count} of {flavor}" for flavor, count in groups)
    masters = f"{cluster.master_count} of {cluster.master_flavor}"
    made = f"taken over from Magnum ({_end(cluster)})" if cluster.adopt else "made by Magnum"
    return f"{cluster.name}, {made}, {cluster.template}, workers {nodes}, masters {masters}"


def _end(cluster: MagnumCluster) -> str:
    return "stays when the stack goes" if cluster.stays else "goes with the stack"


def _charts(source: ChartSource, followed: str | None) -> str:
    if isinstance(source, OciCharts):
        return source.repository
    if isinstance(source, FolderCharts):
        return source.path
    where = f"{source.path} of {source.url}"
    if followed:
        return (
            f"{where}, branch {followed} as it moves: what is pushed there is deployed without a change of this stack "
            f"(reviewed at {source.revision})"
        )
    return f"{where} {source.revision}"


def _delivery(plan: Plan) -> str:
    stays = [release.component for release in plan.releases if not release.argocd]
    by_helm = f", but {_listed(stays)} by Helm" if stays else ""
    return f"Argo CD, an Application for each component{by_helm}"


def _exposure(exposure: Exposure) -> str:
    kinds = {
        "nginx": f"Ingress of class {exposure.class_name} with nginx' snippets",
        "ingress": f"Ingress of class {exposure.class_name}",
        "route": "OpenShift Route",
        "gateway": f"Gateway of class {exposure.class_name}",
    }
    through = ", TLS handed through to the pods" if exposure.passthrough else ""
    return kinds[exposure.kind] + through


def _argocd(plan: Plan, argocd: ArgoCd) -> str:
    if plan.argocd is None:
        return f"that of the cluster, in namespace {argocd.namespace}"
    people = f"log-in at {plan.argocd.issuer}" if plan.argocd.issuer else "local accounts admin and reader"
    return f"{plan.argocd.version}, installed by the stack in namespace {argocd.namespace}, {people}"


def _placement(placement: Placement) -> str:
    found = []
    if placement.evict_after is not None:
        found.append(f"services leave a lost node after {placement.evict_after} s")
    if placement.spread:
        found.append("heavy services keep apart")
    return ", ".join(found)


def _node_recovery(settings: NodeRecovery) -> str:
    sure = "Nova reports that the machine is off" if settings.confirm == "nova" else "silence alone is enough"
    where = "" if settings.runs == "cluster" else ", from outside of the cluster"
    return f"nodes that are silent for {settings.silent_for} s, once {sure}; {settings.share} % of them at most{where}"


def _of_databases(plan: Plan) -> Iterator[tuple[str, str]]:
    if role := role_of(plan):
        yield "Pair", f"with {role.other}; {role}"
    if plan.config.backup:
        yield "Backups", _backup(plan, plan.config.backup)
    if plan.config.postgres:
        yield "PostgreSQL", _served(operated(plan), "CloudNativePG", plan.config.postgres.backup)
    if plan.config.mariadb:
        yield "MariaDB", _served(operated_mariadb(plan), "mariadb-operator", plan.config.mariadb.backup)


def _backup(plan: Plan, settings: Backup) -> str:
    names = _listed([each.name for each in backed_up(plan)])
    store = settings.to
    if isinstance(store, BucketStore):
        where = f"bucket {store.bucket} of {store.endpoint}, folder {store.folder or plan.stack}"
    else:
        where = f"a claim of {store.size}"
    kept = f"{settings.keep} of each are kept" if settings.keep else "nothing is deleted"
    return f"databases of {names} at `{settings.schedule}` (UTC) to {where}; {kept}"


def _of_sight(plan: Plan) -> Iterator[tuple[str, str]]:
    config = plan.config
    if monitoring := monitoring_of(config):
        yield "Monitoring", _monitoring(plan, monitoring)
    if logs := shipping(config):
        yield "Logs", f"shipped to {logs.endpoint}"
    if endpoint := traces_to(config):
        yield "Traces", f"sent to {endpoint}"


def _monitoring(plan: Plan, section: Monitoring) -> str:
    how = {"prometheusOperator": "objects of the Prometheus operator", "annotations": "annotated Services"}
    places, made = len(scrapes(plan.config)), len(exporters(plan.config))
    return f"{places} places with metrics by {how[section.kind]}, {made} exporters, alerts"


def _served(found: Sequence[Served[Any, Servers]], operator: str, backup: Archive | None) -> str:
    made = _listed([f"{each.cluster} ({each.settings.instances} of {each.settings.size})" for each in found])
    kept = (
        f"archived to bucket {backup.bucket} of {backup.endpoint} for {backup.retention}"
        if backup
        else "not archived"
    )
    return f"{made} by {operator}, {kept}"


def _policies(section: NetworkPolicies) -> str:
    enforcer = "Cilium's and Kubernetes'" if section.kind == "cilium" else "Kubernetes'"
    return f"{enforcer}, pods have the connections below and no others"


def _of(cluster: Cluster) -> str:
    sizes = node_sizes(cluster)
    if not sizes:
        return ""
    cpus = sum(flavor.cpus * count for _, flavor, count in sizes)
    memory = sum(flavor.memory * count for _, flavor, count in sizes) * Decimal(1024) ** 2
    return f" of {Requests(Decimal(cpus), memory)} that the workers have"


def _releases(plan: Plan) -> Iterator[tuple[str, ...]]:
    for release in plan.releases:
        digest = f"@{release.chart.digest}" if release.chart.digest else ""
        chart = f"{release.chart.name} {release.chart.version}{digest}"
        yield COMPONENTS[release.component].title, release.name, chart, _listed(release.after)


def _hosts(plan: Plan) -> Iterator[tuple[str, ...]]:
    for release in plan.releases:
        spec = COMPONENTS[release.component]
        for endpoint in spec.endpoints:
            if endpoint.host in plan.hosts:
                yield f"https://{plan.hosts[endpoint.host]}", spec.title
    if plan.argocd and plan.argocd.host:
        yield f"https://{plan.argocd.host}", "Argo CD"


def _known(plan: Plan) -> frozenset[str]:
    """The components whose charts are of the version that the program describes."""
    return frozenset(
        release.component
        for release in plan.releases
        if release.chart.version == COMPONENTS[release.component].version
    )


def _running(plan: Plan, running: Iterable[Workload]) -> Iterator[tuple[str, ...]]:
    known = _known(plan)
    for each in running:
        default = each.spec.chart_image if each.component in known else (_UNKNOWN, _UNKNOWN)
        image = _image(each.values.get("image", {}), *default) + _followed(plan, each)
        yield _name(each), each.spec.workload, str(each.pods), image, str(each.requests)


def _image(values: Mapping[str, str], repository: str, tag: str) -> str:
    return f"{values.get('repository') or repository}:{values.get('tag') or tag + _CHARTS}"


def _followed(plan: Plan, workload: Workload) -> str:
    """The tags that are deployed without a change of the stack."""
    component = plan.config.components.deployed()[workload.component]
    follow = getattr(component, workload.spec.attribute).image.follow
    if follow is None:
        return ""
    if follow.tag:
        return f", then every image that is pushed as {follow.tag}"
    if follow.versions:
        return f", then the newest version of {follow.versions}"
    return f", then the newest image with a tag like {follow.newest}"


def _volumes(plan: Plan, running: Iterable[Workload]) -> Iterator[tuple[str, ...]]:
    if shared := plan.shared_claim:
        new = f"{shared.size} of {shared.storage_class}"
        origin = f"Manila share {shared.share_id}" if shared.share_id else new
        yield "all", f"claim {shared.name}", origin
    known = _known(plan)
    for each in running:
        for claim in each.spec.claims:
            if claim.key in each.values:
                default = claim.size if each.component in known else _UNKNOWN
                yield _name(each), claim.name, _origin(claim, each.values[claim.key], default)
        if "cvmfs" in each.values:
            mounted = [repository["repository"] for repository in each.values["cvmfs"]["repositories"]]
            yield _name(each), "CVMFS", _listed(mounted)


def _origin(claim: Claim, values: Mapping[str, Any], default: str) -> str:
    folder = f", folder {values['subPath']}" if "subPath" in values else ""
    if adopted := claim.existing(values):
        return f"the volume of its logs{folder}" if adopted is True else f"claim {adopted}{folder}"
    return f"{values.get('size') or default + _CHARTS} of {values['class']}"


def _secrets(plan: Plan) -> Iterator[tuple[str, ...]]:
    for suffix, readers in plan.secrets.items():
        yield (
            plan.names.secret(suffix),
            _listed([f"{each.component} {each.sub_component}" for each in readers]),
        )


def _connections(plan: Plan, running: Iterable[Workload]) -> Iterator[tuple[str, ...]]:
    """A row for each edge; one for all edges by which every part of a component reaches the same place."""
    section = policies_of(plan.config)
    parts: dict[str, set[str]] = {}
    for each in running:
        parts.setdefault(each.component, set()).add(f"{each.component}.{each.spec.name}")
    alike: dict[tuple[str, ...], list[str]] = {}
    for edge in plan.edges:
        given = section.hosts.get(edge.target.name, ()) if section else ()
        target = str(edge.target) + (f" ({_listed(given)})" if given else "")
        port = "all" if edge.port == EVERY_PORT else str(edge.port)
        alike.setdefault((target, port, edge.what), []).append(str(edge.source))
    rows = []
    for to, sources in alike.items():
        for component, names in parts.items():
            if len(names) >= _MANY and names <= {*sources, to[0]}:
                rows.append((f"every part of {component}", *to))
                sources = [name for name in sources if name not in names]  # noqa: PLW2901 - the others
        rows += [(source, *to) for source in sources]
    yield from sorted(rows)


def awaited(keys: Sequence[str]) -> str:
    """The section with the keys whose values only the site knows; empty if there are none."""
    if not keys:
        return ""
    return "## Only the site knows\n\n" + "\n".join(f"- `{key}`" for key in keys)


def _name(workload: Workload) -> str:
    return f"{workload.component} {workload.spec.name}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _bullets(facts: Iterable[tuple[str, str]]) -> str:
    # The folder of charts is free text: it must not close the HTML that quotes the page.
    return "\n".join(f"- **{name}:** {html.escape(value, quote=False)}" for name, value in facts)


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A heading with a table below it; empty if the table has no row."""
    filled = list(rows)
    if not filled:
        return ""
    lines = [columns, ["---"] * len(columns), *filled]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
