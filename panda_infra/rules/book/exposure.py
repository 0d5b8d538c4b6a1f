"""Rule about exposure in ways that the charts support."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.model import Endpoint
from panda_infra.products.registry import components_of, product_of_experiment
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

_PEM = "-----BEGIN CERTIFICATE-----"
_DERIVED = {
    "kubernetes.io/ingress.class": "write `className` instead (API servers refuse both together, T33)",
    "nginx.ingress.kubernetes.io/ssl-passthrough": "write `passthrough: true` instead",
}


@rule("components", "exposure", "hosts", "cluster", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """The charts must support the kind of exposure, and each of its keys must have an effect."""
    config = subject.config
    exposure = config.exposure
    if exposure.kind in ("route", "gateway"):
        yield from _unsupported(config)
    if exposure.kind == "route" and config.cluster.kind == "magnum":
        what = "a cluster of Magnum has no OpenShift Routes"
        yield Problem("exposure.kind", what, "Write `exposure: {kind: nginx}`.")
    if exposure.kind == "gateway":
        yield from _gateway(config)
    elif exposure.client_ca is not None:
        what = "has no effect: only a gateway checks clients' certificates by itself"
        yield Problem("exposure.clientCa", what, "Remove it, or write `kind: gateway`.")
    if exposure.passthrough:
        yield from _passthrough(config)
    for annotation in exposure.annotations:
        where = f'exposure.annotations["{annotation}"]'
        if annotation in _DERIVED:
            yield Problem(where, "is set by the program itself", f"Remove it; {_DERIVED[annotation]}.")
        elif exposure.kind not in ("nginx", "ingress"):
            what = f"has no effect: the charts' {exposure.kind} takes no annotations"
            yield Problem(where, what, "Remove it.")


def _endpoints(config: StackConfig) -> Iterator[Endpoint]:
    """The endpoints of the stack's product; a host of another one is a problem of its own."""
    for spec in components_of(product_of_experiment(config.experiment)).values():
        yield from spec.endpoints


def _unsupported(config: StackConfig) -> Iterator[Problem]:
    kind = config.exposure.kind
    capable = [end for end in _endpoints(config) if (end.route if kind == "route" else end.gateway)]
    keys = {field: str(info.alias) for field, info in type(config.hosts).model_fields.items()}
    others = ", ".join(keys[end.host] for end in capable)
    only = f"only those of {others} have" if others else "no chart of this product has"
    for endpoint in _endpoints(config):
        if endpoint not in capable and config.hosts.of(endpoint.host) is not None:
            what = f"its chart has no {kind}; {only}"
            fix = "Remove this host, or write `exposure: {kind: ingress}`."
            yield Problem(f"hosts.{keys[endpoint.host]}", what, fix)


def _gateway(config: StackConfig) -> Iterator[Problem]:
    exposure = config.exposure
    if "class_name" not in exposure.model_fields_set:
        what = "is missing: a gateway has no usual class"
        yield Problem("exposure.className", what, "Add it, e.g. `className: envoy-gateway`.")
    if exposure.client_ca is None and any(
        end.gateway and config.hosts.of(end.host) for end in _endpoints(config)
    ):
        what = "is missing: the gateway asks for certificates that sign the clients' ones (T34)"
        yield Problem("exposure.clientCa", what, "Add the PEM text of the authorities, e.g. `clientCa: |`.")
    elif exposure.client_ca is not None and _PEM not in exposure.client_ca:
        what = f"must be certificates in PEM form, which start with {_PEM}"
        yield Problem("exposure.clientCa", what, "Write the text of the file, e.g. `clientCa: |`.")


def _passthrough(config: StackConfig) -> Iterator[Problem]:
    where = "exposure.passthrough"
    if config.exposure.kind not in ("nginx", "route"):
        what = f"only kinds nginx and route hand TLS through, not {config.exposure.kind}"
        yield Problem(where, what, "Remove it, or write `kind: nginx`.")
        return
    taking = [end for end in _endpoints(config) if end.passthrough]
    if not taking:
        yield Problem(where, "has no effect: no server of this product takes it", "Remove it.")
    elif not any(config.hosts.of(end.host) for end in taking):
        what = f"has no effect without hosts.{taking[0].host}"
        yield Problem(where, what, f"Add `hosts: {{{taking[0].host}: ...}}`, or remove it.")
