"""iDDS, the data-aware workflow engine, and its PostgreSQL."""

from panda_infra.catalog.model import Claim, ComponentSpec, Endpoint, SubComponentSpec, start

IDDS = ComponentSpec(
    name="idds",
    title="iDDS",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="rest",
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/idds", "2.2.49"),
            secrets=start("idds-envs", "idds-db-envs", "idds-auth", "idds-certs"),
            claims=(
                Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="idds"),
                Claim("requests", "10Gi", key="persistentvolumerequests", shared_path="idds-requests"),
            ),
            ports=(8443, 8080),
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="postgres",
            workload="Deployment",
            chart_image=("postgres", "13.6"),
            secrets=start("idds-db-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(5432,),
            scalable=False,
            reserves=("cpu", "memory"),
        ),
    ),
    needs=("msgsvc", "panda"),
    after=("iam",),
    endpoints=(Endpoint(host="idds", key="rest.ingress", tls="idds-tls-certs", snippets=True),),
)
