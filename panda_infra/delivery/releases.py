"""Each component as one Helm release or one Application of Argo CD, in the order of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from panda_infra.delivery.charts import ChartReference
from panda_infra.kubernetes_resources import HelmRelease, KubernetesObject
from panda_infra.plan.model import Release
from panda_infra.products.registry import COMPONENTS
from panda_infra.tree import merged

__all__ = ["Annotations", "Component", "Maker", "by_argo_cd", "by_helm"]

Annotations = Mapping[str, Mapping[str, str]]
"""Pod annotations by sub-component."""

Maker = Callable[[pulumi.ResourceOptions], pulumi.CustomResource]
"""Makes the resource of a component that is known to be ready."""


class Component(pulumi.ComponentResource):
    """A component; ready when every pod of its release is.

    ``make`` makes its release or its Application; ``opts`` are those of that resource.
    """

    def __init__(
        self,
        release: Release,
        make: Maker,
        *,
        depends_on: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        # Without dependencies of its own, so that the engine shows it before the dependencies of its release.
        super().__init__("panda-infra:delivery:Component", release.component)
        limit = f"{release.timeout}s"
        self.release = make(
            pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=list(depends_on),
                    custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit),
                ),
            )
        )
        # The id is known when every pod is ready: until then the engine shows the component as being made.
        self.register_outputs({"release": self.release.id})


def by_helm(
    release: Release,
    chart: ChartReference,
    *,
    namespace: str,
    annotations: Annotations,
    postrender: str | None,
) -> Maker:
    """A Helm release, whose manifest Helm pipes through the command ``postrender``."""
    rolling = {sub: {"podAnnotations": dict(hashes)} for sub, hashes in annotations.items() if hashes}
    inputs = {
        "name": release.name,
        "namespace": namespace,
        "chart": chart.location,
        "version": chart.version,
        "values": COMPONENTS[release.component].in_chart_form(merged(rolling, release.values)),
        # A null removes one of the chart's own annotations.
        "allowNullValues": True,
        "timeout": release.timeout,
        "atomic": release.atomic or None,
        "waitForJobs": release.runs_jobs or None,
        "maxHistory": 10,
        "postrender": postrender,
    }
    return lambda opts: HelmRelease(release.component, inputs, opts)


def by_argo_cd(release: Release, application: Mapping[str, Any]) -> Maker:
    """An Application; the guard awaits what Argo CD makes of it."""
    return lambda opts: KubernetesObject("Application", release.component, application, opts)
