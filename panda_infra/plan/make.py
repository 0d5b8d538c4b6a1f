"""Config and catalog -> Plan."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.catalog.components import COMPONENTS
from panda_infra.catalog.model import ComponentSpec, SubComponentSpec
from panda_infra.catalog.names import SECRET_PREFIX, Names
from panda_infra.config.components import Component, SubComponent
from panda_infra.config.stack import StackConfig
from panda_infra.plan.model import Chart, Consumer, Plan, Release, SharedClaim, Values
from panda_infra.plan.order import deployment_order, prerequisites
from panda_infra.plan.values.components import component_values, condor_logs_path
from panda_infra.plan.values.exposure import exposure_values
from panda_infra.plan.values.merge import merged
from panda_infra.plan.values.placement import placement_values
from panda_infra.plan.values.volumes import SHARED_LOGS, volume_values
from panda_infra.plan.values.workloads import workload_values

__all__ = ["enabled_sub_components", "make_plan"]


def make_plan(stack: str, config: StackConfig) -> Plan:
    """What will exist for a stack that passed all rules."""
    names = Names(config.affix)
    deployed = config.components.deployed()
    order = deployment_order(COMPONENTS, deployed)
    return Plan(
        stack=stack,
        config=config,
        names=names,
        secrets=_secrets(config),
        hosts=_hosts(config),
        shared_claim=_shared_claim(config),
        releases=tuple(_release(COMPONENTS[name], deployed[name], config, names) for name in order),
    )


def enabled_sub_components(
    spec: ComponentSpec, component: Component
) -> Iterator[tuple[SubComponentSpec, SubComponent]]:
    """The sub-components of a component that are switched on, each with its configuration."""
    for sub in spec.sub_components:
        config: SubComponent = getattr(component, sub.name)
        if config.enabled or not sub.switchable:
            yield sub, config


def _release(spec: ComponentSpec, component: Component, config: StackConfig, names: Names) -> Release:
    pin = component.chart
    return Release(
        component=spec.name,
        name=names.release(spec.name),
        chart=Chart(spec.name, pin.version if pin else spec.version, pin.digest if pin else None),
        values=_values(spec, component, config, names),
        after=prerequisites(spec, config.components.deployed()),
        timeout=component.timeout or spec.timeout,
    )


def _values(spec: ComponentSpec, component: Component, config: StackConfig, names: Names) -> Values:
    sub_charts: Values = {}
    for sub in spec.sub_components:
        sub_config: SubComponent = getattr(component, sub.name)
        sub_charts[sub.name] = merged(
            placement_values(spec.name, sub.name, sub_config, config.placement),
            workload_values(sub, sub_config),
            volume_values(sub, sub_config, config.storage),
        )
    paths = condor_logs_path(config, names) if spec.name == "bigmon" else ()
    return merged(
        {"global": {"secret": SECRET_PREFIX}},
        sub_charts,
        exposure_values(spec, config, paths),
        component_values(spec.name, config, names),
        component.values,
    )


def _secrets(config: StackConfig) -> dict[str, tuple[Consumer, ...]]:
    """Every Secret that something reads, with its readers; an Ingress re-reads its TLS Secret by itself."""
    consumers: dict[str, list[Consumer]] = {}
    for name, component in config.components.deployed().items():
        spec = COMPONENTS[name]
        for sub, _ in enabled_sub_components(spec, component):
            for use in sub.secrets:
                consumer = Consumer(name, sub.name, restarts=use.read == "start")
                consumers.setdefault(use.suffix, []).append(consumer)
        for endpoint in spec.endpoints:
            if getattr(config.hosts, endpoint.host):
                consumers.setdefault(endpoint.tls, [])
    if config.cric.real:
        consumers.pop("cric-jsons", None)
    return {suffix: tuple(readers) for suffix, readers in sorted(consumers.items())}


def _hosts(config: StackConfig) -> dict[str, str]:
    return {
        field: host
        for field in type(config.hosts).model_fields
        if (host := getattr(config.hosts, field)) is not None
    }


def _shared_claim(config: StackConfig) -> SharedClaim | None:
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
