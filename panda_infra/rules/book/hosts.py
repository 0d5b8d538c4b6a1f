"""Rule about host names of exposed components."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.model import Endpoint
from panda_infra.products.registry import COMPONENTS, EXPERIMENTS, product_of, product_of_experiment
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]

_ENDPOINTS = {
    endpoint.host: (spec.name, endpoint) for spec in COMPONENTS.values() for endpoint in spec.endpoints
}


@rule("components", "hosts", "exposure", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """Hosts must be unique, belong to deployed components, and not be upstream's CERN defaults (T33)."""
    config = subject.config
    deployed = config.components.deployed()
    own = product_of_experiment(config.experiment)
    seen: dict[str, str] = {}
    for field, info in type(config.hosts).model_fields.items():
        host = getattr(config.hosts, field)
        if host is None:
            continue
        where = f"hosts.{info.alias}"
        component, endpoint = _ENDPOINTS[field]
        if (other := product_of(component)) is not own:
            what = f"is a host of {other.title}, but {config.experiment} is an experiment of {own.title}"
            yield Problem(where, what, "Remove it.")
            continue
        if component not in deployed:
            what = f"exposes {component}, which the stack does not deploy"
            yield Problem(where, what, f"Add `{component}: {{}}` to the components, or remove this host.")
        for name in _served(endpoint, host, config):
            if name in seen:
                what = f"is the host of {seen[name]} too"
                yield Problem(where, what, "Give each its own host, e.g. `panda-idds.cern.ch`.")
            seen.setdefault(name, where)
        if host.endswith(".cern.ch") and not EXPERIMENTS[config.experiment].at_cern:
            what = f"is a host at CERN, where {config.experiment} is not"
            yield Problem(where, what, "Name a host of the site, e.g. `panda.slac.stanford.edu`.")


def _served(endpoint: Endpoint, host: str, config: StackConfig) -> tuple[str, ...]:
    """The host names that an endpoint uses."""
    both = endpoint.plain_route and config.exposure.kind == "route"
    return (host, f"http-{host}") if both else (host,)
