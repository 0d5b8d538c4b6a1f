"""The Ingresses of a plan as far as an ingress controller judges them: class, hosts, paths and annotations.

The charts make the real ones. These are for a dry run, which shows whether the cluster accepts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from panda_infra.config.delivery import Hosts
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.values.exposure import SNIPPETS
from panda_infra.products.model import Endpoint
from panda_infra.products.registry import COMPONENTS

__all__ = ["TrialIngress", "ingresses", "value_at"]

_HTTPS = 443
# Only the presence of a snippet matters, so a comment is enough.
_SNIPPET = "# as the charts have one\n"


@dataclass(frozen=True)
class TrialIngress:
    """An Ingress and the key that names its host."""

    where: str
    body: Mapping[str, Any]


def ingresses(plan: Plan, *, snippets: bool = True) -> Iterator[TrialIngress]:
    """One for each that the charts will make; without ``snippets``, as if the charts had none."""
    if plan.config.exposure.kind not in ("nginx", "ingress"):
        return
    for release in plan.releases:
        for endpoint in COMPONENTS[release.component].endpoints:
            values = value_at(release.values, endpoint.key)
            if endpoint.host in plan.hosts and values.get("enabled"):
                host = plan.hosts[endpoint.host]
                alias = Hosts.model_fields[endpoint.host].alias
                body = _body(plan, release, endpoint, values, host, snippets=snippets)
                yield TrialIngress(f"hosts.{alias}", body)


def _body(
    plan: Plan, release: Release, endpoint: Endpoint, values: Mapping[str, Any], host: str, *, snippets: bool
) -> Mapping[str, Any]:
    chart = {name: _SNIPPET for name in SNIPPETS if snippets and endpoint.snippets}
    annotations = {**chart, **(values.get("annotations") or {})}
    sub, _, _ = endpoint.key.rpartition(".")
    name = plan.names.workload(release.component, sub or release.component)
    backend = {"service": {"name": name, "port": {"number": _HTTPS}}}
    paths = [
        {"path": path["path"], "pathType": path["pathType"], "backend": backend}
        for entry in values.get("hosts") or [{"paths": [{"path": "/", "pathType": "Prefix"}]}]
        for path in entry["paths"]
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            # The real name, because a controller compares an Ingress with all others, but not with itself.
            "name": plan.names.ingress(release.component, endpoint.key),
            "namespace": plan.config.namespace,
            "annotations": {key: str(value) for key, value in annotations.items() if value is not None},
        },
        "spec": {
            # An empty class is left out, as in the charts: an annotation contains it then.
            "ingressClassName": values.get("className") or None,
            "tls": [{"hosts": [host], "secretName": plan.names.secret(endpoint.tls)}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def value_at(values: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The mapping at a dotted path; empty if there is none."""
    return reduce(lambda inside, key: inside.get(key) or {}, path.split("."), values)
