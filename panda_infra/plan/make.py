"""Makes the Plan from configuration and products."""

from __future__ import annotations

from panda_infra.config.charts import ChartPin
from panda_infra.config.stack import Settings, StackConfig
from panda_infra.plan.argocd import argocd_plan
from panda_infra.plan.consumers import readers
from panda_infra.plan.model import Chart, Plan, Release, SharedClaim
from panda_infra.plan.network.edges import edges
from panda_infra.plan.order import deployment_order, prerequisites
from panda_infra.plan.ownership import owner_of
from panda_infra.plan.standby import at_rest, idle, is_idle
from panda_infra.plan.values.exposure import exposure_values
from panda_infra.plan.values.placement import placement_values, pod_annotation
from panda_infra.plan.values.volumes import SHARED_LOGS, volume_values
from panda_infra.plan.values.workloads import workload_values
from panda_infra.products.content import reveal
from panda_infra.products.model import ComponentSpec
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS, shipped_chart
from panda_infra.products.workloads import Component, SubComponent
from panda_infra.tree import Values, merged, without_nulls

__all__ = ["make_plan"]


def make_plan(stack: str, config: StackConfig) -> Plan:
    """The Plan of a stack that passed all rules; it contains none of its secrets."""
    resting = is_idle(stack, config)
    settings = idle(config.settings) if resting else config.settings
    names = settings.names
    deployed = settings.components.deployed()
    order = deployment_order(COMPONENTS, deployed)
    releases = tuple(
        _release(COMPONENTS[name], deployed[name], settings, names, resting=resting) for name in order
    )
    return Plan(
        stack=stack,
        owner=owner_of(stack, reveal(config.secrets.hash_key)),
        config=settings,
        names=names,
        secrets=readers(settings),
        hosts=_hosts(settings),
        shared_claim=_shared_claim(settings),
        releases=releases,
        argocd=argocd_plan(config),
        edges=edges(config, {release.component: release.values for release in releases}),
    )


def _release(
    spec: ComponentSpec, component: Component, config: Settings, names: Names, *, resting: bool
) -> Release:
    pin = component.chart
    values = _values(spec, component, config, names)
    return Release(
        component=spec.name,
        name=names.release(spec.name),
        chart=_chart(spec, pin),
        values=spec.in_chart_form(at_rest(spec, values) if resting else values),
        after=prerequisites(COMPONENTS, spec.name, config.components.deployed()),
        timeout=component.timeout or spec.timeout,
        atomic=component.atomic,
        argocd=config.by_argo(spec.name),
        runs_jobs=spec.runs_jobs and not resting,
    )


def _chart(spec: ComponentSpec, pin: ChartPin | None) -> Chart:
    folder = shipped_chart(spec) if spec.ships else ""
    version = pin.version if pin else spec.version
    return Chart(spec.chart_name, version, pin.digest if pin else None, folder)


def _values(spec: ComponentSpec, component: Component, config: Settings, names: Names) -> Values:
    sub_charts: Values = {}
    for sub in spec.sub_components:
        sub_config: SubComponent = getattr(component, sub.attribute)
        values = merged(
            workload_values(sub, sub_config, config),
            placement_values(sub, sub_config, config, names.release(spec.name)),
            volume_values(sub, sub_config, config.storage, inside=config.developer is not None),
        )
        sub_charts[sub.name] = values if sub.placeable else pod_annotation(values)
    values = merged(
        {"global": {"secret": names.secrets}},
        sub_charts,
        exposure_values(spec, config, spec.paths(config, names)),
        spec.values(config, names),
        component.values,
    )
    if component.adopted:
        # A null removes a value that the stack itself sets; the chart has no default of that name.
        values = without_nulls(merged(values, component.adopted.values))
    return values


def _hosts(config: Settings) -> dict[str, str]:
    return {
        field: host
        for field in type(config.hosts).model_fields
        if (host := getattr(config.hosts, field)) is not None
    }


def _shared_claim(config: Settings) -> SharedClaim | None:
    shared = config.storage.shared_logs
    if shared is None:
        return None
    return SharedClaim(
        name=SHARED_LOGS,
        storage_class=shared.class_name or config.storage.class_name,
        size=shared.size,
        share_id=shared.share_id,
        share_access_id=shared.share_access_id,
    )
