"""The objects that Argo CD needs of a stack before it can deliver its components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from panda_infra.argocd.applications import application, namespace_of
from panda_infra.argocd.images import image_updater
from panda_infra.argocd.project import app_project, project_name
from panda_infra.argocd.sources import chart_log_in, chart_repository
from panda_infra.config.secrets import ArgoCdSecrets
from panda_infra.delivery.releases import Annotations, Maker, by_argo_cd
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan, Release

__all__ = ["ArgoCdStack"]


class ArgoCdStack(pulumi.ComponentResource):
    """The stack's AppProject and the repository of its charts, made ``after`` the stack's own Argo CD, if any.

    ``opts`` are those of each resource.
    """

    def __init__(
        self,
        plan: Plan,
        secrets: ArgoCdSecrets,
        *,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("panda-infra:delivery:ArgoCdStack", "argocd-stack")
        self._plan = plan
        self._opts = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(parent=self, depends_on=list(after))
        )
        namespace = namespace_of(plan.config)
        project = KubernetesObject("AppProject", "argocd-project", app_project(plan, namespace), self._opts)
        metadata, data = chart_repository(plan.config, project_name(plan), namespace)
        metadata["annotations"] = plan.owner.mark
        log_in = chart_log_in(secrets)
        content = pulumi.Output.secret(data | log_in) if log_in else data
        charts = KubernetesObject(
            "Secret", "argocd-charts", {"metadata": metadata, "stringData": content}, self._opts
        )
        self.first: Sequence[pulumi.Resource] = (project, charts)
        self.register_outputs({})

    def application(self, release: Release, annotations: Annotations) -> Maker:
        """Makes the Application of a component, and what follows its images."""
        made = by_argo_cd(release, application(self._plan, release, annotations))

        def make(opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
            resource = made(opts)
            if (updater := image_updater(self._plan, release)) is not None:
                self._follow(release, updater, resource)
            return resource

        return make

    def _follow(self, release: Release, updater: Mapping[str, Any], applied: pulumi.Resource) -> None:
        """Make the ImageUpdater after the Application, by whose pods the updater finds the images."""
        after = pulumi.ResourceOptions(depends_on=[applied])
        KubernetesObject(
            "ImageUpdater",
            f"{release.component}-images",
            updater,
            pulumi.ResourceOptions.merge(self._opts, after),
        )
