"""Host names under which components are exposed."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["AT_CERN", "check", "exposed"]

AT_CERN = frozenset({"doma", "atlas-testbed", "dev"})
_COMPONENT_OF = {endpoint.host: spec.name for spec in COMPONENTS.values() for endpoint in spec.endpoints}


def exposed(config: StackConfig) -> dict[str, str]:
    """Each named host by its key in the stack file, e.g. ``pandaBig``."""
    return {key: str(host) for key, host in config.hosts.model_dump(by_alias=True, exclude_none=True).items()}


@rule("components", "hosts", "exposure", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """Hosts are unique, belong to deployed components, and are none of upstream's CERN defaults (T33)."""
    config = subject.config
    deployed = config.components.deployed()
    seen: dict[str, str] = {}
    for field, info in type(config.hosts).model_fields.items():
        host = getattr(config.hosts, field)
        if host is None:
            continue
        where = f"hosts.{info.alias}"
        if (component := _COMPONENT_OF[field]) not in deployed:
            what = f"exposes {component}, which the stack does not deploy"
            yield Problem(where, what, f"Add `{component}: {{}}` to the components, or remove this host.")
        for name in _served(field, host, config):
            if name in seen:
                what = f"is the host of {seen[name]} too"
                yield Problem(where, what, "Give each its own host, e.g. `panda-idds.cern.ch`.")
            seen.setdefault(name, where)
        if host.endswith(".cern.ch") and config.experiment not in AT_CERN:
            what = f"is a host at CERN, where {config.experiment} is not"
            yield Problem(where, what, "Name a host of the site, e.g. `panda.slac.stanford.edu`.")


def _served(field: str, host: str, config: StackConfig) -> tuple[str, ...]:
    """The names that an endpoint takes: PanDA's Route comes with a second one for plain HTTP."""
    return (host, f"http-{host}") if field == "panda" and config.exposure.kind == "route" else (host,)
