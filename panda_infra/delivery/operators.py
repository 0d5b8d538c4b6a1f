"""Databases of an operator as Kubernetes resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from panda_infra.delivery.secrets import own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.products.content import OPAQUE

__all__ = ["DatabaseResources", "OperatorSecret", "Staged"]


@dataclass(frozen=True)
class OperatorSecret:
    """A Secret that an operator reads, with its encoded content."""

    name: str
    data: Mapping[str, str]
    kind: str = OPAQUE


@dataclass(frozen=True)
class Staged:
    """The objects of a section, each with its component, none for those of all.

    ``stages`` are the kinds of objects, each after those that it needs. Operators notice changes only of Secrets with
    the ``labels``. When a protected stack drops the section, the kinds in ``stay`` are left in the cluster: they hold
    data, or objects with data need them.
    """

    section: str
    secrets: Sequence[OperatorSecret]
    objects: Iterable[tuple[str, ClusterObject]]
    stages: Sequence[Collection[str]]
    labels: Mapping[str, str]
    stay: Collection[str]


class DatabaseResources(pulumi.ComponentResource):
    """Every object of a section about databases by an operator; ``of`` has those that a component waits for."""

    def __init__(self, plan: Plan, staged: Staged, opts: pulumi.ResourceOptions) -> None:
        super().__init__(f"panda-infra:delivery:{staged.section.capitalize()}", staged.section)
        self._plan, self._staged = plan, staged
        self._opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        self.of: dict[str, list[pulumi.Resource]] = {}
        secrets = [self._secret(each) for each in staged.secrets]
        made: list[tuple[str, int, KubernetesObject]] = []
        for component, wanted in staged.objects:
            stage = next(number for number, kinds in enumerate(staged.stages) if wanted.kind in kinds)
            before = [each for owner, earlier, each in made if earlier < stage and owner in ("", component)]
            resource = KubernetesObject(
                wanted.kind,
                self._named(wanted.name),
                {"apiVersion": wanted.api, **wanted.fields},
                self._options(wanted.kind, [*secrets, *before]),
            )
            made.append((component, stage, resource))
            if component:
                self.of.setdefault(component, []).append(resource)
        self.register_outputs({})

    def _secret(self, each: OperatorSecret) -> KubernetesObject:
        opts, labels = self._options("Secret", []), self._staged.labels
        return own_secret(
            self._plan, self._named(each.name), each.name, each.data, opts, kind=each.kind, labels=labels
        )

    def _options(self, kind: str, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        stays = self._plan.config.lifecycle.protect and kind in self._staged.stay
        own = pulumi.ResourceOptions(depends_on=list(after), retain_on_delete=stays or None)
        return pulumi.ResourceOptions.merge(self._opts, own)

    def _named(self, name: str) -> str:
        """The engine's name for one of these objects."""
        return f"{self._staged.section}-{name}"
