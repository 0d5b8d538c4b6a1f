"""The checks of a stack: those that its components describe, and those that every component has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from panda_infra.errors import PandaInfraError
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.logs import shipping
from panda_infra.plan.monitoring.scrapes import scrapes
from panda_infra.products.registry import COMPONENTS, product_of_experiment
from panda_infra.products.verification import (
    Check,
    Credentials,
    FoundLogs,
    Outside,
    OwnTest,
    Runs,
    ShownMetrics,
    Usual,
)

__all__ = ["checks_of", "chosen", "requirements_of"]

_TEST_SECONDS = 300


def checks_of(plan: Plan, own_tests: Iterable[OwnTest] = ()) -> tuple[Check, ...]:
    """Every check of a plan, component by component.

    Args:
        plan: of the stack file.
        own_tests: the tests of the charts that are deployed.
    """
    tests = list(own_tests)
    usual = product_of_experiment(plan.config.experiment).usual
    of_components = [
        check for release in plan.releases for check in _of_component(plan, release.component, usual, tests)
    ]
    logs = shipping(plan.config)
    shipped = [Check("logs.found", "Logs of the stack are found", usual.metrics, FoundLogs())]
    return (*of_components, *(shipped if logs and logs.search else ()))


def chosen(checks: Sequence[Check], names: Iterable[str]) -> tuple[Check, ...]:
    """The checks with one of these names, or of one of these components; all without a name.

    Raises:
        PandaInfraError: a name is that of no check.
    """
    wanted = tuple(names)
    known = {check.name for check in checks} | {check.component for check in checks}
    if unknown := [name for name in wanted if name not in known]:
        raise PandaInfraError(
            f"{', '.join(unknown)}: no check of this stack has that name. Give a component "
            f"({', '.join(dict.fromkeys(check.component for check in checks))}), or one of "
            f"{', '.join(check.name for check in checks)}"
        )
    return tuple(check for check in checks if not wanted or {check.name, check.component} & set(wanted))


def requirements_of(plan: Plan) -> dict[str, str]:
    """The requirements of the stack's product: title by id."""
    return dict(product_of_experiment(plan.config.experiment).requirements)


def _of_component(plan: Plan, component: str, usual: Usual, tests: Iterable[OwnTest]) -> Iterator[Check]:
    spec, deployed = COMPONENTS[component], plan.config.components.deployed()[component]
    for sub, _ in enabled_sub_components(spec, deployed):
        title = f"{sub.name} of {spec.title} runs"
        yield Check(f"{component}.{sub.name}", title, usual.runs, Runs(f"{component}/{sub.name}"))
    yield Check(
        f"{component}.credentials",
        f"Certificates, proxies and tokens of {spec.title} are valid",
        usual.credentials,
        Credentials(component),
    )
    for endpoint in spec.endpoints:
        if host := plan.hosts.get(endpoint.host):
            name, title = f"{component}.outside.{endpoint.host}", f"{host} answers by HTTPS"
            yield Check(name, title, usual.outside, Outside(component, host, endpoint.tls))
    yield from spec.checks
    for each in scrapes(plan.config):
        # A check for the host itself exists already.
        if each.component == component and not each.parameters:
            title = f"Metrics are shown by {each.name}"
            question = ShownMetrics(component, each.name, each.port, each.path)
            yield Check(f"{component}.metrics.{each.name}", title, usual.metrics, question)
    for test in tests:
        if test.component == component:
            name, title = f"{component}.test.{test.name}", f"The chart's own test {test.name} passes"
            yield Check(name, title, usual.own_tests, test, seconds=_TEST_SECONDS, alone=True)
