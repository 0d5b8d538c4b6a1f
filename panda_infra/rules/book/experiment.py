"""Rule about the experiment, from which all values that must agree are derived (T35)."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import EXPERIMENTS, product_of_experiment
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule("experiment", "cluster")
def check(subject: Subject) -> Iterator[Problem]:
    """A stack with the name of an experiment of its product must be that one's; the test bed is not a cloud."""
    config, stack = subject.config, subject.stack
    if stack in product_of_experiment(config.experiment).experiments and config.experiment != stack:
        what = f"is {config.experiment}, but the stack is called {stack}"
        fix = f"Write `panda-infra:experiment: {stack}`, or give the stack another name, e.g. {stack}-test."
        yield Problem("experiment", what, fix)
    if EXPERIMENTS[config.experiment].on_test_bed and config.cluster.kind != "existing":
        what = f"the experiment {config.experiment} lives on the test bed, which no Magnum makes"
        yield Problem("cluster.kind", what, "Write `cluster: {kind: existing, kubeconfig: ...}`.")
