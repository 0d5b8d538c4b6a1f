"""Converts a Plan to plain JSON values without any secret, equal for equal Plans, to compare two commits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from panda_infra.plan.model import Plan, Release
from panda_infra.plan.network.edges import Edge
from panda_infra.products.network import EVERY_PORT
from panda_infra.products.registry import PRODUCTS, product_of_experiment

__all__ = ["described"]

# Few releases have these fields; the others leave them out, so that their descriptions stay the same.
_IF_ANY = ("argocd", "runs_jobs")
_IF_ANY_OF_CHART = ("folder",)
# Left out: hosts and cluster have keys of their own; the site's settings are already merged into the rest; records
# of deployments deploy nothing.
_ELSEWHERE = {"hosts", "cluster", "site", "provenance"}
# The rest of a component's configuration is in its release already.
_BEYOND_THE_RELEASE = {"settings"}


def described(plan: Plan) -> dict[str, Any]:
    """The Plan by topic.

    ``components`` maps each component to its release, ``hosts`` each exposed field to its host name, ``cluster``
    is the stack's cluster, ``secrets`` maps each Secret to its readers, ``shared_claim`` is the claim for logs,
    and ``settings`` are all other settings that are not secret, among them the input of the Secrets. A stack with
    network policies has the allowed connections in ``connections``.
    """
    product = product_of_experiment(plan.config.experiment)
    of_others = {
        section.name for each in PRODUCTS.values() if each is not product for section in each.sections
    }
    config = plan.config.model_dump(mode="json", by_alias=True, exclude=_ELSEWHERE | of_others)
    for section, settled in product.settled(plan.config).items():
        config[section] |= settled
    if plan.config.registry is None:
        del config["registry"]
    if plan.config.certificates.kind == "given":
        del config["certificates"]
    config["components"] = {
        name: {key: value for key, value in component.items() if key in _BEYOND_THE_RELEASE}
        for name, component in config["components"].items()
        if component is not None
    }
    return {
        "cluster": plan.config.cluster.model_dump(mode="json", by_alias=True),
        "components": {release.component: _release(release) for release in plan.releases},
        "hosts": dict(plan.hosts),
        "secrets": {
            suffix: [asdict(reader) for reader in readers] for suffix, readers in plan.secrets.items()
        },
        "shared_claim": asdict(plan.shared_claim) if plan.shared_claim else None,
        "settings": config,
    } | ({"connections": sorted(map(_connection, plan.edges))} if plan.edges else {})


def _connection(edge: Edge) -> str:
    port = "every port" if edge.port == EVERY_PORT else f"port {edge.port}"
    return f"{edge.source} to {edge.target}, {port}"


def _release(release: Release) -> dict[str, Any]:
    plain = asdict(release)
    del plain["component"]
    for values, keys in ((plain, _IF_ANY), (plain["chart"], _IF_ANY_OF_CHART)):
        for key in keys:
            if not values[key]:
                del values[key]
    return {**plain, "after": list(release.after)}
