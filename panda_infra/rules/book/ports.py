"""Ports inside Secrets are ports of the Services that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from panda_infra.catalog.components import COMPONENTS
from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """A port that differs from the chart's needs the Service changed with it."""
    config = subject.config
    panda, idds = config.components.panda, config.components.idds
    if panda:
        yield from _port("panda", "server", "port", panda.settings.port, panda.values)
        yield from _port("panda", "server", "sslPort", panda.settings.ssl_port, panda.values)
    if idds:
        yield from _port("idds", "rest", "restPort", idds.settings.rest_port, idds.values)


def _port(component: str, name: str, key: str, port: int, values: dict[str, Any]) -> Iterator[Problem]:
    ports = COMPONENTS[component].sub_component(name).ports
    sub_chart = values.get(name)
    service = sub_chart.get("service") if isinstance(sub_chart, dict) else None
    given = service.values() if isinstance(service, dict) else ()
    if port not in ports and port not in given:
        what = f"the Service of {component} {name} has no port {port}, only {' and '.join(map(str, ports))}"
        fix = f"Remove it, or give the Service this port in components.{component}.values.{name}.service."
        yield Problem(f"components.{component}.settings.{key}", what, fix)
