"""PanDA's user interface."""

from panda_infra.catalog.model import Claim, ComponentSpec, Endpoint, SubComponentSpec, start

# The charts name `latest` (T40); this is the newest release that both images were published for.
# renovate: datasource=docker depName=ghcr.io/pandawms/panda-ui-frontend
_RELEASE = "6.0"

UI = ComponentSpec(
    name="ui",
    title="PanDA UI",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="backend",
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-ui-backend", "latest"),
            secrets=start("ui-envs", "ui-certs"),
            claims=(Claim("logs", "50Gi", adopt_key="sharedPvcName", shared_path="ui-backend-logs"),),
            ports=(443,),
            switchable=False,
            image=("ghcr.io/pandawms/panda-ui-backend", _RELEASE),
        ),
        SubComponentSpec(
            name="frontend",
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-ui-frontend", "latest"),
            placeable=False,
            secrets=start("ui-certs"),
            ports=(443,),
            switchable=False,
            image=("ghcr.io/pandawms/panda-ui-frontend", _RELEASE),
        ),
    ),
    needs=("panda",),
    after=("iam",),
    endpoints=(Endpoint(host="ui", key="ingress", tls="ui-tls-certs"),),
)
