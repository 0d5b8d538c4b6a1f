"""Check that a plan may work in its namespace: a stack changes and deletes only its own objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from panda_infra.errors import Problem, shortened
from panda_infra.live.met import ENGINE, Met
from panda_infra.live.target import Target
from panda_infra.plan.footprint import ARGOCD_KEY, Outside, names_inside
from panda_infra.plan.model import Plan
from panda_infra.state.recorded import Recorded

__all__ = ["Ownership"]

_KEY = "namespace"
_NEXT = "\n"  # separates entries on lines of their own
_SHOWN = {"Secret": "Secrets", "PersistentVolumeClaim": "claims"}


@dataclass(frozen=True)
class Ownership:
    """The objects that a plan meets and their owners; ``before`` is the engine's state of the stack."""

    plan: Plan
    target: Target
    before: Recorded

    @property
    def has_namespace(self) -> bool:
        """True if the namespace exists and is the stack's."""
        found = self.target.namespace
        return found is not None and found.is_of(self.plan.owner, self.before)

    @property
    def may_have_namespace(self) -> bool:
        """True if the namespace is the stack's, or was made by an unknown stack that wrote no mark."""
        found = self.target.namespace
        return self.has_namespace or (found is not None and found.is_unmarked)

    @property
    def may_work_here(self) -> bool:
        """True if the stack can have objects in the namespace, which may be gone."""
        return self.target.namespace is None or self.plan.config.adopts_namespace or self.may_have_namespace

    def has_release(self, name: str) -> bool:
        """True if a release in the namespace is the stack's, even if the state has lost it."""
        known = self.before.has_release(self.plan.config.namespace, name) or name in self.target.noted
        by_engine = any(manager.startswith(ENGINE) for manager in self.target.releases.get(name, ()))
        return known or (self.has_namespace and by_engine)

    def has(self, found: Met) -> bool:
        """True if an object is the stack's or belongs to one of its releases."""
        if found.is_of(self.plan.owner, self.before) or self._is_applied(found):
            return True
        namespace, release = found.release
        if namespace == self.plan.config.namespace and self.is_planned(release):
            # Objects that a release left behind belong to the next one of its name.
            return self.has_release(release) or (self.has_namespace and release not in self.target.releases)
        return self.has_namespace and not found.mark and found.namespace != "" and found.by_engine

    def _is_applied(self, found: Met) -> bool:
        """True if an Application of the stack has deployed an object."""
        name = found.application
        return self.is_planned(name) and (
            self.has_namespace or self.before.has_release(self.plan.config.namespace, name)
        )

    def others(self) -> list[Met]:
        """The objects in the namespace that are not the stack's."""
        return [found for found in self.target.inside if not self.has(found)]

    def problems(self) -> Iterator[Problem]:
        """Everything that prevents the deployment of the stack here."""
        namespace = self.target.namespace
        if namespace is None:
            if self.plan.config.adopts_namespace:
                yield self._not_there()
        elif namespace.ending:
            what = f"{namespace.name} is being deleted, and all that is in it"
            fix = f"Wait until `kubectl get namespace {namespace.name}` finds none, then try again."
            yield Problem(_KEY, what, fix)
        elif self.plan.config.adopts_namespace and self.before.made_namespace(namespace.name):
            yield self._given_away(namespace)
        elif not self.has_namespace and not self.plan.config.adopts_namespace:
            yield self._foreign(namespace)
        elif self._lost_state():
            yield self._unknown(namespace)
        elif not self.plan.config.takes_over:
            yield from self._taken()
        met = [each for each in self.target.outside if not self.has(each[1]) and not self._takes_over(*each)]
        yield from (self._in_the_way(*each) for each in met if not each[0].shared)
        # An installation that serves the whole cluster is one problem, however many objects it has.
        for key in dict.fromkeys(planned.key for planned, _ in met if planned.shared):
            of_key = [each for each in met if each[0].key == key]
            yield _second_argocd(of_key) if key == ARGOCD_KEY else self._in_the_way(*of_key[0])

    def is_planned(self, release: str) -> bool:
        """True if the stack makes a release of that name."""
        return any(release == planned.name for planned in self.plan.releases)

    def _lost_state(self) -> bool:
        """True if the stack runs here, but is missing in the engine's state."""
        config = self.plan.config
        known = self.before.made_namespace(config.namespace) or self.before.releases
        marked = self.target.namespace is not None and self.plan.owner.wrote(self.target.namespace.mark)
        return (
            marked and not known and not config.takes_over and any(map(self.is_planned, self.target.deployed))
        )

    def _takes_over(self, planned: Outside, found: Met) -> bool:
        """True if an object outside belongs to a release that is taken over, or Argo CD applied it as part of one."""
        made_so = (self.plan.config.namespace, planned.release)
        applied = bool(found.application) and not found.release[1] and found.instance == planned.release
        return self.plan.config.takes_over and bool(planned.release) and (applied or found.release == made_so)

    def _not_there(self) -> Problem:
        name = self.plan.config.namespace
        what = f"{name} does not exist, and a stack does not make a namespace that it adopts"
        return Problem(
            _KEY, what, f"Make it, or write `panda-infra:namespace: {name}` for one of the stack's own."
        )

    def _foreign(self, namespace: Met) -> Problem:
        name = namespace.name
        what = f"{name} exists and is not this stack's: it is {namespace.maker}{_content(self.target)}"
        fix = (
            f"Choose another name, e.g. `panda-infra:namespace: panda-{self.plan.stack}`.\n"
            f"To work beside what is there, write `namespace: {{name: {name}, adopt: true}}`: a namespace that is "
            "adopted is never deleted, nor is what others made in it.\n"
            "Only to take over an installation that runs there, add `takeOver: true`."
        )
        return Problem(_KEY, what, fix)

    def _given_away(self, namespace: Met) -> Problem:
        what = f"{namespace.name} is this stack's own: with `adopt`, the engine would delete it and all that is in it"
        return Problem(_KEY, what, f"Write `panda-infra:namespace: {namespace.name}`.")

    def _unknown(self, namespace: Met) -> Problem:
        running = sorted(filter(self.is_planned, self.target.deployed))
        what = (
            f"{namespace.name} is this stack's and has its releases {shortened(running)},\n"
            "of which the state that is in use knows nothing"
        )
        fix = (
            "Set PULUMI_BACKEND_URL to the place of the stack's state (`pulumi whoami --verbose` shows the one in "
            f"use).\nOnly if that state is lost, write `namespace: {{name: {namespace.name}, adopt: true, takeOver: "
            "true}`, run `pulumi up`, and write the name alone again."
        )
        return Problem(_KEY, what, fix)

    def _taken(self) -> Iterator[Problem]:
        met = [*self._taken_releases(), *self._taken_objects()]
        if not met:
            return
        name, adopt = self.plan.config.namespace, "" if self.has_namespace else "adopt: true, "
        what = f"{name} holds what others made under this stack's names:\n{shortened(met, _NEXT)}"
        fix = (
            "Remove it, or give the stack another namespace.\nIf it is an installation that this stack shall take "
            f"over, write `namespace: {{name: {name}, {adopt}takeOver: true}}`."
        )
        yield Problem(_KEY, what, fix)

    def _taken_releases(self) -> Iterator[str]:
        for name in sorted(self.target.releases):
            if self.is_planned(name) and not self.has_release(name):
                yield f"release {name}"

    def _taken_objects(self) -> Iterator[str]:
        names = names_inside(self.plan)
        for found in self.others():
            release = found.release[1]
            taken_over = self.is_planned(release) and release in self.target.releases
            if found.name in names and not taken_over:
                yield f"{found.kind} {found.name}, {found.maker}"

    def _in_the_way(self, planned: Outside, found: Met) -> Problem:
        what = f"would make {planned.kind} {planned.name}, which exists and is not this stack's: it is {found.maker}"
        if planned.shared:
            return Problem(planned.key, what, "One serves the whole cluster: leave this key out.")
        own = "an affix" if planned.release else "a namespace"
        return Problem(planned.key, what, f"Give the stack {own} of its own, or leave this key out.")


def _second_argocd(met: Sequence[tuple[Outside, Met]]) -> Problem:
    """The problem of an Argo CD that is there already; in contrast to others, it can be used."""
    makers = dict.fromkeys(found.maker for _, found in met)
    names = shortened([f"{found.kind} {found.name}" for _, found in met])
    what = f"would be a second Argo CD in this cluster: there are {names}, {shortened(list(makers))}"
    fix = (
        "Use the one that is there: `argocd: {existing: true}`. If it is gone and these are its rest, remove them by "
        "`kubectl delete`: with a CRD go all objects of its kind."
    )
    return Problem(ARGOCD_KEY, what, fix)


def _content(target: Target) -> str:
    """The content of a namespace, as text that follows its description."""
    kinds: Iterable[tuple[str, Sequence[str]]] = [
        ("releases", sorted(target.releases)),
        *((words, target.of_kind(kind)) for kind, words in _SHOWN.items()),
    ]
    parts = [f"{words} {shortened(names)}" for words, names in kinds if names]
    return "".join(f"{_NEXT}it holds {part}" for part in parts)
