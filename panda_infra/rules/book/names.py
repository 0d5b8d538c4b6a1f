"""Rule about names with the affix, which must be unique (T31) and within Kubernetes' limits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS, components_of, product_of_experiment
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["belongs_to_cluster", "check"]

_RELEASE_LIMIT = 53  # Helm
# A StatefulSet's pods have a label of its name, a dash and ten characters; a label has at most 63.
_WORKLOAD_LIMIT = 52
_SYSTEM = re.compile(r"(kube|openshift)(-.*)?")
_DEFAULT = "default"


def belongs_to_cluster(namespace: str) -> bool:
    """True for a namespace that is part of every cluster, ``default`` left aside."""
    return _SYSTEM.fullmatch(namespace) is not None


@rule("affix", "namespace", "components", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """The namespace must be the stack's own, and names must be valid and those that upstream's Secrets contain."""
    config = subject.config
    name = config.namespace
    if belongs_to_cluster(name) or (name == _DEFAULT and not config.adopts_namespace):
        what = f"{name} belongs to the cluster, but a stack makes and removes its namespace"
        fix = f"Choose one for this stack alone, e.g. `panda-infra:namespace: panda-{subject.stack}`."
        if name == _DEFAULT:
            fix += " For an installation that runs there, write `namespace: {name: default, adopt: true}`."
        yield Problem("namespace", what, fix)
    yield from _collapses(config)
    yield from _limits(config)


def _collapses(config: StackConfig) -> Iterator[Problem]:
    """A problem if the affix contains the name of a sub-chart of the product: charts then leave that out of names."""
    names = Names(config.affix)
    words = {
        sub.name
        for spec in components_of(product_of_experiment(config.experiment)).values()
        if spec.name not in config.names.releases
        for sub in spec.sub_components
        if sub.name in names.release(spec.name) and sub.name not in Names().release(spec.name)
    }
    if words:
        what = f"contains {' and '.join(sorted(words))}, so that the charts would name objects differently"
        yield Problem("affix", what, "Choose another word, e.g. `panda-infra:affix: -dev`.")


def _limits(config: StackConfig) -> Iterator[Problem]:
    names = config.names
    taken: dict[tuple[str, str], str] = {}
    for component in config.components.deployed():
        release = names.release(component)
        given = component in names.releases
        where = f"components.{component}.release" if given else "affix"
        fix = f"e.g. `release: panda-{component}`." if given else "e.g. `panda-infra:affix: -dev`."
        workloads = {
            f"{component} {sub.name}": names.workload(component, sub.name)
            for sub in COMPONENTS[component].sub_components
        }
        if len(release) > _RELEASE_LIMIT or any(len(name) > _WORKLOAD_LIMIT for name in workloads.values()):
            longest = max([release, *workloads.values()], key=len)
            what = f"makes {longest} of {component}, longer than the {_WORKLOAD_LIMIT} characters that fit"
            yield Problem(where, what, f"Choose a shorter one, {fix}")
        if not release[0].isalpha():
            what = f"makes {release} of {component}, but names of Services start with a letter"
            yield Problem("affix", what, "Start it with a letter, e.g. `panda-infra:affix: test-`.")
        # Releases and Services are objects of different kinds.
        made = [(f"the release of {component}", ("release", release))]
        made += [(owner, ("Service", name)) for owner, name in workloads.items()]
        clashes = [
            (other, owner, key[1]) for owner, key in made if (other := taken.setdefault(key, owner)) != owner
        ]
        # Report only the first: one equal name causes many others.
        for other, owner, name in clashes[:1]:
            what = f"gives {other} and {owner} the same name {name}"
            yield Problem(where, what, f"Choose another one, {fix}")
