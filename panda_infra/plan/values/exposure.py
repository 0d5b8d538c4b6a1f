"""Values that expose a component's Services: Ingress, OpenShift Route or Gateway.

The charts switch some Ingresses on under CERN host names (T33); here each one is either off or has the stack's
own host.
"""

from __future__ import annotations

from typing import Any

from panda_infra.config.delivery import Exposure
from panda_infra.config.stack import Settings
from panda_infra.products.model import ComponentSpec, Endpoint
from panda_infra.tree import Values, at, merged

__all__ = ["SNIPPETS", "exposure_values"]

_NGINX = "nginx.ingress.kubernetes.io"
SNIPPETS = (f"{_NGINX}/configuration-snippet", f"{_NGINX}/server-snippet")
_ROOT = {"path": "/", "pathType": "Prefix"}


def exposure_values(spec: ComponentSpec, config: Settings, extra_paths: tuple[Values, ...] = ()) -> Values:
    """The values of a release for all of its endpoints; ``extra_paths`` come before ``/`` on each host."""
    layers = [
        _endpoint(endpoint, config.hosts.of(endpoint.host), config.exposure, extra_paths)
        for endpoint in spec.endpoints
    ]
    if config.developer is not None:
        layers += [
            _without_snippets(end) for end in spec.endpoints if end.snippets and config.hosts.of(end.host)
        ]
    return merged(*layers)


def _without_snippets(endpoint: Endpoint) -> Values:
    """Snippets that are empty: a null, which would remove them, does not pass the engine."""
    return at(f"{endpoint.key}.annotations", dict.fromkeys(SNIPPETS, ""))


def _endpoint(
    endpoint: Endpoint, host: str | None, exposure: Exposure, extra_paths: tuple[Values, ...]
) -> Values:
    off = at(endpoint.key, {"enabled": False})
    if host is None:
        return off
    if exposure.kind == "route" and endpoint.route:
        tls = {"termination": "passthrough", "insecureEdgeTerminationPolicy": "None"}
        return merged(off, at(endpoint.route, {"enabled": True, "tls": tls}), at(endpoint.route_host, host))
    if exposure.kind == "gateway" and endpoint.gateway:
        gateway = {"enabled": True, "className": exposure.class_name}
        return merged(off, at(endpoint.gateway, gateway), at(endpoint.route_host, host))
    return at(endpoint.key, _ingress(endpoint, host, exposure, extra_paths))


def _ingress(endpoint: Endpoint, host: str, exposure: Exposure, extra_paths: tuple[Values, ...]) -> Values:
    # The class annotation is deprecated and refused beside className by older API servers.
    annotations: dict[str, Any] = {}
    if endpoint.class_annotation:
        annotations["kubernetes.io/ingress.class"] = None
    if endpoint.snippets and exposure.kind != "nginx":
        annotations |= dict.fromkeys(SNIPPETS)
    if endpoint.passthrough and exposure.kind == "nginx" and exposure.passthrough:
        annotations[f"{_NGINX}/ssl-passthrough"] = "true"
    values: Values = {
        "enabled": True,
        "className": exposure.class_name,
        "annotations": annotations | exposure.annotations,
        "tls": [{"hosts": [{"hostOverride": host}]}],
    }
    if not endpoint.host_value:
        values["hosts"] = [{"hostOverride": host, "paths": [*extra_paths, _ROOT]}]
    return values
