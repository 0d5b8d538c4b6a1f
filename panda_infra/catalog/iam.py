"""INDIGO IAM, the identity provider, and the database chart that goes with it."""

from panda_infra.catalog.model import Claim, ComponentSpec, Endpoint, SubComponentSpec, live, start

# Upstream's bitnami image keeps its data outside the volume that these two charts mount (T28). The official image
# reads the same variables and init scripts and keeps its data where the volume is.
_MARIADB = ("mariadb", "11.4")
_BITNAMI = ("bitnami/mariadb", "latest")

IAM = ComponentSpec(
    name="iam",
    title="INDIGO IAM",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="StatefulSet",
            chart_image=("indigoiam/iam-login-service", "v1.8.4"),
            secrets=start("iam-envs", "iam-conf") + live("iam-certs"),
            # The chart makes a claim that no pod mounts (T21).
            claims=(Claim("unused", "5Gi", optional=True),),
            ports=(8443,),
        ),
        SubComponentSpec(
            name="mariadb",
            workload="Deployment",
            chart_image=_BITNAMI,
            secrets=start("iam-db-envs", "iam-initdb"),
            claims=(Claim("data", "5Gi"),),
            ports=(3306,),
            scalable=False,
            image=_MARIADB,
        ),
    ),
    after=("iam-db",),
    endpoints=(Endpoint(host="iam", key="main.ingress", tls="iam-tls-certs", snippets=True),),
)

IAM_DB = ComponentSpec(
    name="iam-db",
    title="IAM database",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="mariadb",
            workload="StatefulSet",
            chart_image=_BITNAMI,
            secrets=start("iam-db-envs", "iam-initdb"),
            claims=(Claim("data", "5Gi"),),
            ports=(3306,),
            scalable=False,
            image=_MARIADB,
        ),
        SubComponentSpec(
            name="backup",
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/harvester", "latest"),
            secrets=start("iam-envs"),
            claims=(Claim("dumps", "100Gi", key="persistentvolumespecial", optional=True),),
            scalable=False,
            # Only its mysqldump is used; the chart names `latest` (T40).
            image=("ghcr.io/hsf/harvester", "v0.6.5"),
        ),
    ),
)
