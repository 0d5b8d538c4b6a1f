"""Rules about monitoring: the collectors of metrics and logs must reach them."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.plan.monitoring.logs import shipping
from panda_infra.products.metrics import monitored, traces_to
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["is_not_a_developers", "makes_traces", "reads_files_of_nodes", "tells_somebody"]


@rule("monitoring", "developer")
def is_not_a_developers(subject: Subject) -> Iterator[Problem]:
    """A developer's stack has no monitoring: its policies refuse Prometheus, its pods read no files of nodes."""
    config = subject.config
    if config.developer is not None and (monitored(config) or shipping(config)):
        what = "has no effect: nobody from outside of a developer's namespace reaches its pods"
        yield Problem("monitoring", what, "Remove it.")


@rule("monitoring")
def tells_somebody(subject: Subject) -> Iterator[Problem]:
    """Receivers must have an address: a section without one would look as if somebody was notified."""
    section = subject.config.monitoring
    if section and section.receivers and not (section.receivers.webhook or section.receivers.mail):
        what = "names no receiver, so that nobody would be notified of an alert"
        fix = "Write `webhook: true` or `mail: {to: [...], sender: ..., server: ...}`, or remove it."
        yield Problem("monitoring.receivers", what, fix)


@rule("monitoring", "components")
def makes_traces(subject: Subject) -> Iterator[Problem]:
    """Traces need a component that makes some: an operator would look for them in vain."""
    running = (sub.spec for sub in sub_components(subject.config) if sub.runs)
    if traces_to(subject.config) and not any(spec.traces for spec in running):
        what = "has no effect: no component of this stack makes traces"
        yield Problem("monitoring.traces", what, "Remove it.")


@rule("monitoring", "cluster", "developer")
def reads_files_of_nodes(subject: Subject) -> Iterator[Problem]:
    """The shipper of logs must be allowed to run as root, because logs of pods are root's files on the nodes."""
    config = subject.config
    if shipping(config) and config.developer is None and config.is_rootless:
        what = "reads files of root on the nodes, and `cluster.noRoot` allows no pod of root"
        yield Problem("monitoring.logs", what, "Remove it; who runs the cluster can ship its logs.")
