"""PanDA itself: the server, JEDI and their PostgreSQL."""

from panda_infra.catalog.model import PROXIES, Claim, ComponentSpec, Endpoint, SubComponentSpec, live, start

_SERVER = ("ghcr.io/pandawms/panda-server", "1.0.0")

PANDA = ComponentSpec(
    name="panda",
    title="PanDA",
    version="0.1.1",
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="StatefulSet",
            chart_image=_SERVER,
            secrets=start("panda-envs", "panda-token-cache")
            + start("panda-certs", otherwise=PROXIES)
            + live("panda-auth")
            + live("cric-jsons", optional=True),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="server-logs"),),
            ports=(80, 443),
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="jedi",
            workload="StatefulSet",
            chart_image=_SERVER,
            secrets=start("panda-envs", "panda-token-cache") + start("panda-certs", otherwise=PROXIES),
            claims=(Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="jedi-logs"),),
            ports=(80, 443),
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="postgres",
            workload="Deployment",
            chart_image=("ghcr.io/pandawms/panda-database", "0.1.5-2"),
            secrets=start("panda-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(5432,),
            scalable=False,
            reserves=("cpu", "memory"),
        ),
    ),
    needs=("msgsvc",),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="panda",
            key="server.ingress",
            tls="panda-tls-certs",
            route="server.route",
            route_host="server.hostName",
            gateway="server.gateway",
            snippets=True,
        ),
        Endpoint(host="panda_big", key="server.ingress_big", tls="panda-tls-certs", snippets=True),
    ),
)
