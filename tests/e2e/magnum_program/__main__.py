"""A stack that is nothing but a Magnum cluster and one object that depends on everything in it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from panda_infra.cluster.magnum.component import Magnum
from panda_infra.cluster.magnum.preflight import Stack, check_magnum
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import StackError
from panda_infra.plan.aliases import cluster_aliases
from panda_infra.plan.ownership import Owner
from panda_infra.products.panda.product import PRODUCT
from panda_infra.program import plain_errors
from panda_infra.state.from_engine import deployed

# Two stacks of this program differ in it as two of the real one do by their keys.
OWNER = Owner("panda-infra", "test", sha256(str(Path.cwd()).encode()).hexdigest()[:16])

config = pulumi.Config("panda-infra")
cluster = MagnumCluster.model_validate_json(json.dumps(config.require_object("cluster")))
aliases = cluster_aliases(cluster, config.require_object("hosts"), PRODUCT.alias_endings)
with plain_errors():
    report = check_magnum(cluster, Stack(OWNER, deployed(), aliases))
    if report.problems:
        raise StackError(f"stack {pulumi.get_stack()}", report.problems)
for note in report.notes:
    pulumi.log.warn(note)
magnum = Magnum(
    "magnum",
    cluster,
    aliases=aliases,
    owner=str(OWNER),
    keypair=report.keypair,
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
