"""Harvester, which submits to the sites, and its MariaDB."""

from panda_infra.catalog.model import Claim, ComponentSpec, Endpoint, SubComponentSpec, live, start

HARVESTER = ComponentSpec(
    name="harvester",
    title="Harvester",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="harvester",
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/harvester", "v0.6.5"),
            secrets=start("harvester-envs", "harvester-certs")
            + live("harvester-auth")
            + live("cric-jsons", optional=True),
            claims=(
                Claim("logs", "5Gi", adopt_key="existingClaim", shared_path="harvester-logs"),
                Claim("wdirs", "5Gi", key="persistentvolumewdir", adopt_key="existingClaim"),
                Claim(
                    "condor",
                    "5Gi",
                    key="persistentvolumecondor",
                    adopt_key="existingClaim",
                    shared_path="condor_logs",
                ),
                Claim("special", "5Gi", key="persistentvolumespecial", optional=True),
            ),
            ports=(80, 443),
            reserves=("cpu", "memory", "ephemeral-storage"),
        ),
        SubComponentSpec(
            name="mariadb",
            workload="StatefulSet",
            chart_image=("bitnami/mariadb", "latest"),
            secrets=start("harvester-envs", "harvester-initdb"),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim", shared_path="mariadb-data"),),
            ports=(3306,),
            scalable=False,
            # The last series whose default fits Harvester's transactions (upstream passes a flag for later ones).
            image=("mariadb", "11.4"),
            reserves=("cpu", "memory", "ephemeral-storage"),
        ),
    ),
    needs=("msgsvc", "panda"),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="harvester",
            key="harvester.ingress",
            tls="bigmon-tls-certs",
            route="harvester.route",
            route_host="harvester.route.hostName",
            class_annotation=False,
        ),
    ),
)
