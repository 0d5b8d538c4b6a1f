"""Rules about what is outside of the stack, and what stands in for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from panda_infra.errors import Problem
from panda_infra.products.ctao.experiments import EXPERIMENTS, MADE_FOR_ONE_RUN
from panda_infra.products.ctao.interfaces import External, Fixture, InterfaceComponent, Interfaces
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = [
    "are_declared",
    "components_have_what_they_need",
    "environments_use_what_they_may",
    "fixtures",
    "fixtures_are_deployed",
]

_OF_THE_SITE = ("storage", "ce", "iam")


@rule("interfaces")
def are_declared(subject: Subject) -> Iterator[Problem]:
    """Nothing outside may be forgotten, so the section must be there."""
    if subject.config.maybe(Interfaces) is None:
        what = "is missing: nobody would know what is inside of the stack and what is not"
        fix = "Write e.g. `interfaces: {environment: ci, rucioDatabase: {kind: fixture}}`."
        yield Problem("interfaces", what, fix)


@rule("interfaces", "experiment", "lifecycle")
def environments_use_what_they_may(subject: Subject) -> Iterator[Problem]:
    """An environment for one run depends on nothing outside; one that keeps data uses the site's services."""
    config = subject.config
    interfaces = config.maybe(Interfaces)
    if interfaces is None:
        return
    experiment, environment = EXPERIMENTS[config.experiment], interfaces.environment
    if experiment.on_test_bed != (environment in MADE_FOR_ONE_RUN):
        what = f"is {environment}, which the experiment {config.experiment} is not for"
        fitting = "local` or `ci" if experiment.on_test_bed else "staging`, `pre-prod` or `prod"
        fix = f"Write `environment: {fitting}`, or name another experiment."
        yield Problem("interfaces.environment", what, fix)
        return
    for key, alias, given in _given(interfaces):
        if environment in MADE_FOR_ONE_RUN and isinstance(given, External):
            what = f"is external, but an environment `{environment}` depends on nothing outside"
            yield Problem(f"interfaces.{alias}", what, "Write `{kind: fixture}`, or leave the interface out.")
        if config.lifecycle.protect and key in _OF_THE_SITE and not isinstance(given, External):
            what = f"is no external one, but what a protected stack keeps belongs into the site's {alias}"
            fix = f"Write `{alias}: {{kind: external, ...}}`, or `lifecycle: {{protect: false}}` for a test."
            yield Problem(f"interfaces.{alias}", what, fix, awaits_site=given is None)


@rule("interfaces", "components", "lifecycle")
def fixtures_are_deployed(subject: Subject) -> Iterator[Problem]:
    """A fixture is a component of the stack, and there is none beside the real one."""
    known = fixtures()
    interfaces = subject.config.maybe(Interfaces)
    deployed = subject.config.components.deployed()
    for key, alias, given in _given(interfaces) if interfaces else ():
        name = known[key]
        of_the_site = subject.config.lifecycle.protect and key in _OF_THE_SITE
        if isinstance(given, Fixture) and name not in deployed and not of_the_site:
            what = f"is missing, and is the fixture of interfaces.{alias}"
            fix = f"Add `{name}: {{}}`, or write `{alias}: {{kind: external, ...}}`."
            yield Problem(f"components.{name}", what, fix)
        elif name in deployed and not isinstance(given, Fixture):
            what = f"is a fixture, but interfaces.{alias} does not use it"
            yield Problem(f"components.{name}", what, f"Remove it, or write `{alias}: {{kind: fixture}}`.")


@rule("interfaces", "components")
def components_have_what_they_need(subject: Subject) -> Iterator[Problem]:
    """Each interface that a component cannot do without must be given."""
    interfaces = subject.config.maybe(Interfaces)
    deployed = subject.config.components.deployed()
    given = {key: alias for key, alias, value in _given(interfaces) if value is None} if interfaces else {}
    lacking: dict[str, list[str]] = {}
    for component, settings in deployed.items():
        for key in settings.needs if isinstance(settings, InterfaceComponent) else ():
            if key in given:
                lacking.setdefault(given[key], []).append(component)
    for alias, components in lacking.items():
        what = f"is missing, and {' and '.join(components)} cannot do without"
        yield Problem(
            f"interfaces.{alias}", what, f"Write `{alias}: {{kind: external, ...}}`, or its fixture."
        )


def fixtures() -> Mapping[str, str]:
    """The component that is the fixture of each interface, by the interface's field."""
    from panda_infra.products.registry import PRODUCTS, components_of  # noqa: PLC0415 - the registry imports the product

    kinds = {name: spec.config for name, spec in components_of(PRODUCTS["ctao"]).items()}
    return {
        kind.replaces: name
        for name, kind in kinds.items()
        if issubclass(kind, InterfaceComponent) and kind.replaces
    }


def _given(interfaces: Interfaces) -> Iterator[tuple[str, str, Any]]:
    """Field, key and value of each interface."""
    for field, info in type(interfaces).model_fields.items():
        if field != "environment":
            yield field, str(info.alias), getattr(interfaces, field)
