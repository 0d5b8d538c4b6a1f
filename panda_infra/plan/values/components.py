"""Values that only one component understands, derived so that every place that must agree does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.catalog.names import Names
from panda_infra.config.components import Idds, Panda
from panda_infra.config.stack import StackConfig
from panda_infra.plan.model import Values
from panda_infra.plan.values.merge import merged

__all__ = ["component_values", "condor_logs_path"]

_HTTPS = 443
# With bash, awk, jq and kubectl, as the chart's script needs them; the chart names `latest` (T40).
_NODE_RECOVERY_IMAGE = "alpine/k8s:1.34.1"


def component_values(component: str, config: StackConfig, names: Names) -> Values:
    """The values that are particular to a component; empty for those without any."""
    derive = _DERIVED.get(component)
    return derive(config, names) if derive else {}


def condor_logs_path(config: StackConfig, names: Names) -> tuple[Values, ...]:
    """The path on BigMon's host that leads to Harvester's condor logs, unless Harvester has its own host."""
    if config.components.harvester is None or config.hosts.harvester is not None:
        return ()
    service = names.workload("harvester", "harvester")
    path = {"path": "/condor_logs", "pathType": "Prefix", "serviceName": service, "servicePort": _HTTPS}
    return (path,)


def _rootless(config: StackConfig, *sub_components: str) -> Values:
    if not config.is_rootless:
        return {}
    return {name: {"noRoot": True} for name in sub_components}


def _proxies(config: StackConfig, sub_component: str) -> Values:
    proxy = config.proxy.model_dump(by_alias=True, exclude_none=True)
    return (
        {sub_component: {key: value for key, value in proxy.items() if value}} if any(proxy.values()) else {}
    )


def _msgsvc(config: StackConfig, _names: Names) -> Values:
    return _rootless(config, "activemq")


def _panda(config: StackConfig, _names: Names) -> Values:
    panda = config.components.panda
    assert isinstance(panda, Panda)  # noqa: S101 - the plan asks only for deployed components
    experiment = EXPERIMENTS[config.experiment]
    server: Values = {"configFile": experiment.server_config, "sharedCache": panda.server.shared_cache}
    if panda.server.extra_env:
        server["extraEnv"] = panda.server.extra_env
    return merged(
        {"server": server, "jedi": {"configFile": experiment.jedi_config}},
        {"nodeRecovery": {"enabled": panda.node_recovery, "image": _NODE_RECOVERY_IMAGE}},
        _proxies(config, "server"),
        _rootless(config, "server"),
    )


def _harvester(config: StackConfig, names: Names) -> Values:
    values: Values = {
        "experiment": EXPERIMENTS[config.experiment].harvester,
        # The shared log claim is made before all releases: made by this one, it would deadlock the others (T20).
        "sharedLogs": {"create": False},
    }
    proxies = _proxies(config, "harvester")
    if proxies:
        values["panda"] = {"host": f"{names.workload('panda', 'server')}:{_HTTPS}"}  # T35
    return merged({"harvester": values}, proxies, _rootless(config, "harvester"))


def _idds(config: StackConfig, names: Names) -> Values:
    idds = config.components.idds
    assert isinstance(idds, Idds)  # noqa: S101
    bigmon = config.hosts.bigmon or names.workload("bigmon", "main")
    rest: Values = {
        "restHost": f"https://{names.workload('idds', 'rest')}:8443",
        "bigmonURL": f"https://{bigmon}",
        # Where iDDS' own configuration looks for them; the chart's default is another folder.
        "persistentvolumerequests": {"path": "/data/idds-requests"},
    }
    if idds.rest.server_conf:
        rest["serverConf"] = {key: str(value) for key, value in idds.rest.server_conf.items()}
    return merged({"rest": rest}, _proxies(config, "rest"), _rootless(config, "rest", "postgres"))


def _ui(config: StackConfig, names: Names) -> Values:
    # The chart puts this host into URLs even when nothing is exposed (T33).
    host = config.hosts.ui or names.workload("ui", "frontend")
    return {"global": {"hostOverwrite": host, "vo": config.auth.vo}}


_DERIVED: Mapping[str, Callable[[StackConfig, Names], Values]] = {
    "msgsvc": _msgsvc,
    "panda": _panda,
    "harvester": _harvester,
    "idds": _idds,
    "ui": _ui,
}
