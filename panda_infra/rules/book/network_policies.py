"""Rules about network policies: what the stack file adds must be about pods of this stack."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.network_policies import NetworkPolicies, PodInlet, PodOutlet
from panda_infra.config.paths import spelled
from panda_infra.errors import Problem
from panda_infra.plan.network.databases import database_pods
from panda_infra.plan.network.edges import policies_of
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["are_about_this_stack", "are_not_a_developers", "have_both_ends"]


@rule("networkPolicies", "developer")
def are_not_a_developers(subject: Subject) -> Iterator[Problem]:
    """A developer's namespace has policies of its own, which allow every connection inside of it."""
    if subject.config.developer is not None and subject.config.network_policies is not None:
        what = "has no effect: in a developer's namespace all pods may connect to each other"
        yield Problem("networkPolicies", what, "Remove it; `developer` has `outlets` for ways out.")


@rule("networkPolicies", "developer", "components", "postgres", "mariadb", "standby")
def are_about_this_stack(subject: Subject) -> Iterator[Problem]:
    """Connections that the stack file adds are of pods that run."""
    section = policies_of(subject.config)
    if section is None:
        return
    running = [f"{sub.component.name}.{sub.spec.name}" for sub in sub_components(subject.config) if sub.runs]
    running += [each.part for each in database_pods(subject.config)]
    given: dict[str, tuple[PodOutlet | PodInlet, ...]] = {
        "outlets": section.outlets,
        "inlets": section.inlets,
    }
    for key, added in given.items():
        for index, each in enumerate(added):
            if each.pods not in running:
                what = f"names {each.pods}, which the stack does not run"
                fix = f"Name one of {', '.join(running)}, or remove the entry."
                yield Problem(f"networkPolicies.{key}[{index}].pods", what, fix)


@rule("networkPolicies", "developer")
def have_both_ends(subject: Subject) -> Iterator[Problem]:
    """An added connection has one source, and a host has networks."""
    section = policies_of(subject.config)
    if section is None:
        return
    yield from _sources(section)
    for host, networks in section.hosts.items():
        if not networks:
            what = "names no network"
            where = spelled(("networkPolicies", "hosts", host))
            yield Problem(where, what, f"Write e.g. `{host}: [188.184.0.0/15]`, or remove it.")


def _sources(section: NetworkPolicies) -> Iterator[Problem]:
    for index, inlet in enumerate(section.inlets):
        if (inlet.namespace is None) == (inlet.network is None):
            what = "two sources are named" if inlet.network else "is missing: nobody is let in"
            fix = "Name one source: `namespace: monitoring`, or `network: 188.184.0.0/15`."
            yield Problem(f"networkPolicies.inlets[{index}].namespace", what, fix)
