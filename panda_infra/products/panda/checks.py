"""Checks shared by the rules of several components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from panda_infra.config.messages import set_setting
from panda_infra.errors import Problem

if TYPE_CHECKING:
    from panda_infra.products.model import SubComponentSpec

__all__ = ["fixed_in_database", "has_no_oracle", "has_one_database", "has_port"]


def fixed_in_database(component: str, key: str, given: str, fixed: str, why: str) -> Iterator[Problem]:
    """A stack may not set a key of a database that an image or a chart fixes."""
    if given != fixed:
        what = f"must be {fixed}: {why}"
        yield Problem(
            f"components.{component}.settings.database.{key}", what, f"Remove it, or write {fixed}."
        )


def has_one_database(
    stack: str, component: str, name: str, *, embedded: bool, external: str | None
) -> Iterator[Problem]:
    """An external host must be given if and only if the embedded database is off."""
    where = f"components.{component}.settings.database.host"
    if not embedded and not external:
        what = f"is missing: the embedded {name} is switched off"
        fix = f"Run `{set_setting(stack, where, 'HOST')}`, or remove `{name}: {{enabled: false}}`."
        yield Problem(where, what, fix, awaits_site=True)
    if embedded and external:
        what = f"names an external database, but the embedded {name} is on"
        yield Problem(where, what, f"Write `{name}: {{enabled: false}}`, or remove the host.")


def has_no_oracle(component: str, backend: str, *, embedded: bool) -> Iterator[Problem]:
    """An embedded database cannot be Oracle."""
    if backend == "oracle" and embedded:
        where = f"components.{component}.settings.database.backend"
        what = "oracle is never embedded, but the embedded postgres is on"
        fix = "Write `postgres: {enabled: false}` and give `settings.database.host`, its TNS alias."
        yield Problem(where, what, fix)


def has_port(
    component: str, sub: SubComponentSpec, key: str, port: int, values: Mapping[str, Any]
) -> Iterator[Problem]:
    """A port that differs from the chart's needs the Service changed with it."""
    sub_chart = values.get(sub.name)
    service = sub_chart.get("service") if isinstance(sub_chart, dict) else None
    given = service.values() if isinstance(service, dict) else ()
    if port not in sub.ports and port not in given:
        what = f"the Service of {component} {sub.name} has no port {port}, only {' and '.join(map(str, sub.ports))}"
        fix = f"Remove it, or give the Service this port in components.{component}.values.{sub.name}.service."
        yield Problem(f"components.{component}.settings.{key}", what, fix)
