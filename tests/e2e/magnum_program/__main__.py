"""A stack that is nothing but a Magnum cluster and one object that depends on everything in it."""

from __future__ import annotations

import json

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from panda_infra.cluster.magnum.component import Magnum
from panda_infra.config.cluster import MagnumCluster

config = pulumi.Config("panda-infra")
magnum = Magnum(
    "magnum",
    MagnumCluster.model_validate_json(json.dumps(config.require_object("cluster"))),
    hosts=config.require_object("hosts"),
    protect=config.get_bool("protect") or False,
)
Namespace(
    "namespace",
    metadata=ObjectMetaArgs(name="inside"),
    opts=pulumi.ResourceOptions(provider=magnum.handle.provider, depends_on=list(magnum.handle.depends_on)),
)
pulumi.export("clusterId", magnum.cluster_id)
pulumi.export("apiAddress", magnum.api_address)
pulumi.export("expires", magnum.expires)
