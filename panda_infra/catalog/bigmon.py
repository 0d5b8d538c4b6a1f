"""BigMon, the monitor."""

from panda_infra.catalog.model import PROXIES, Claim, ComponentSpec, Endpoint, SubComponentSpec, start

BIGMON = ComponentSpec(
    name="bigmon",
    title="BigMon",
    version="0.1.1",
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-bigmon-core", "v1.1.7"),
            secrets=start("bigmon-envs") + start("bigmon-certs", otherwise=PROXIES),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="bigmon-logs"),),
            ports=(443,),
        ),
    ),
    needs=("panda",),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="bigmon",
            key="main.ingress",
            tls="bigmon-tls-certs",
            route="main.route",
            route_host="main.hostName",
        ),
    ),
)
