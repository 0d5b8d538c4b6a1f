"""The objects of a stack in its cluster before a destroy, and the objects that the engine must not delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.errors import PandaInfraError
from panda_infra.live.met import Met, met
from panda_infra.live.ownership import Ownership
from panda_infra.live.target import look
from panda_infra.plan.consumers import issued_secrets
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import lease_name
from panda_infra.state.recorded import Recorded
from panda_infra.teardown.finalizers import Stuck, stuck_in

__all__ = ["Belongings"]


@dataclass(frozen=True)
class Belongings:
    """A stack by its plan and its state ``before`` the destroy, and its cluster."""

    plan: Plan
    api: KubernetesApi
    before: Recorded

    @cached_property
    def found(self) -> Ownership:
        """The objects and their owners before anything is deleted."""
        return Ownership(self.plan, look(self.plan, self.api), self.before)

    @cached_property
    def claims(self) -> tuple[Met, ...]:
        """The claims of StatefulSets in a namespace of others, which stay when the releases are deleted."""
        if not self.plan.config.adopts_namespace:
            return ()
        return tuple(
            one for one in self.found.target.inside if one.kind == "PersistentVolumeClaim" and self.has(one)
        )

    def has(self, one: Met) -> bool:
        """True if an object of the namespace is the stack's, or belongs to a release in the state."""
        known = self.before.has_release(self.plan.config.namespace, one.release[1] or one.instance)
        return self.found.has(one) or (known and not one.mark)

    def refuse_others(self) -> None:
        """Refuse another cluster: the engine knows objects by name only, and would delete those of others.

        Raises:
            PandaInfraError: a namespace of the state exists, but is not the one that the stack made.
        """
        owner = self.plan.owner
        for kind, _, name in self.before.objects:
            if kind != "Namespace":
                continue
            there = self.api.call("GET", f"/api/v1/namespaces/{name}", missing=True)
            one = met(kind, there) if there else None
            if one and not one.is_of(owner, self.before):
                raise PandaInfraError(
                    f"namespace {name} is not the one that stack {self.plan.stack} made: it is {one.maker}, and would "
                    "be deleted with all that is in it. Nothing was changed.\n"
                    "  See that `cluster` names the cluster that the stack was deployed to. Only if this namespace "
                    f"shall go all the same, run `pulumi refresh --stack {self.plan.stack}`, then try again"
                )
        _ = self.claims

    def stuck(self) -> list[Stuck]:
        """The stack's objects that are being deleted and wait for a finalizer."""
        config, all_of_it = self.plan.config, self.found.may_have_namespace
        waiting = stuck_in(self.api, config.namespace)
        inside = [one for one in waiting if all_of_it or self.has(met(one.kind, one.item))]
        if config.argocd is None:
            return inside
        # Others have objects there too, which their own stacks free.
        beside = stuck_in(self.api, config.argocd.namespace)
        return [*inside, *(one for one in beside if self.plan.owner.wrote(met(one.kind, one.item).mark))]

    def delete_rest(self, say: Callable[[str], None]) -> None:
        """Delete the stack's objects that the engine does not know, in a namespace that stays."""
        if not self.plan.config.adopts_namespace:
            return
        inside = f"/api/v1/namespaces/{self.plan.config.namespace}/persistentvolumeclaims"
        there = {item["metadata"].get("uid") for item in items(self.api, inside)}
        for claim in self.claims:
            if claim.uid in there:
                say(f"deleting claim {claim.name}")
                self.api.call("DELETE", f"{inside}/{claim.name}", missing=True)
        self._delete_issued(say)
        leases = f"/apis/coordination.k8s.io/v1/namespaces/{self.plan.config.namespace}/leases"
        self.api.call("DELETE", f"{leases}/{lease_name(self.plan.stack)}", missing=True)

    def _delete_issued(self, say: Callable[[str], None]) -> None:
        """Delete the Secrets that cert-manager filled: their Certificates leave them behind (C49)."""
        names = {self.plan.names.secret(suffix) for suffix in issued_secrets(self.plan.config)}
        for one in self.found.target.inside:
            if one.kind == "Secret" and one.name in names and self.has(one):
                say(f"deleting Secret {one.name}")
                path = f"/api/v1/namespaces/{self.plan.config.namespace}/secrets/{one.name}"
                self.api.call("DELETE", path, missing=True)
