"""Each component as one Helm release, in the order of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from panda_infra.delivery.charts import ChartReference
from panda_infra.kubernetes_resources import HelmRelease
from panda_infra.plan.model import Release
from panda_infra.tree import merged

__all__ = ["Component"]

Annotations = Mapping[str, Mapping[str, str]]
"""Pod annotations by sub-component."""


class Component(pulumi.ComponentResource):
    """A component of PanDA; ready when every pod of its release is.

    Helm pipes the manifest through the command ``postrender``; ``opts`` are those of the release.
    """

    def __init__(
        self,
        release: Release,
        chart: ChartReference,
        *,
        namespace: str,
        annotations: Annotations,
        postrender: str | None,
        depends_on: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        # Without dependencies of its own, so that the engine shows it before the dependencies of its release.
        super().__init__("panda-infra:delivery:Component", release.component)
        rolling = {sub: {"podAnnotations": dict(hashes)} for sub, hashes in annotations.items() if hashes}
        limit = f"{release.timeout}s"
        self.release = HelmRelease(
            release.component,
            {
                "name": release.name,
                "namespace": namespace,
                "chart": chart.location,
                "version": chart.version,
                "values": merged(rolling, release.values),
                # A null removes one of the chart's own annotations.
                "allowNullValues": True,
                "timeout": release.timeout,
                "atomic": release.atomic or None,
                "maxHistory": 10,
                "postrender": postrender,
            },
            pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=list(depends_on),
                    custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit),
                ),
            ),
        )
        # The id is known when every pod is ready: until then the engine shows the component as being made.
        self.register_outputs({"release": self.release.id})
