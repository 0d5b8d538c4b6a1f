"""PanDA's user interface."""

from panda_infra.catalog.model import Claim, ComponentSpec, Endpoint, SubComponentSpec, start

UI = ComponentSpec(
    name="ui",
    title="PanDA UI",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="backend",
            workload="StatefulSet",
            secrets=start("ui-envs", "ui-certs"),
            claims=(Claim("logs", adopt_key="sharedPvcName", shared_path="ui-backend-logs"),),
            ports=(443,),
            switchable=False,
        ),
        SubComponentSpec(
            name="frontend",
            workload="StatefulSet",
            secrets=start("ui-certs"),
            ports=(443,),
            switchable=False,
        ),
    ),
    needs=("panda",),
    after=("iam",),
    endpoints=(Endpoint(host="ui", key="ingress", tls="ui-tls-certs"),),
)
