"""Each component as one Helm release, in the order that the plan derived."""

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

    ``postrender`` is a command that Helm pipes the manifest through, ``opts`` are those of the release.
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
        # By itself it waits for nothing, so that it is known to the engine before what its release waits for.
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
                # A null switches one of the chart's own annotations off.
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
        # Known once every pod is ready: until then the component, too, is shown as being made.
        self.register_outputs({"release": self.release.id})
