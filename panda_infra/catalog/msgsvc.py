"""ActiveMQ, the message broker that everything else talks through."""

from panda_infra.catalog.model import Claim, ComponentSpec, SubComponentSpec, start

MSGSVC = ComponentSpec(
    name="msgsvc",
    title="ActiveMQ",
    version="0.1.0",
    sub_components=(
        SubComponentSpec(
            name="activemq",
            workload="Deployment",
            secrets=start("msgsvc-envs"),
            claims=(Claim("data"),),
            ports=(61613,),
            scalable=False,
            reserves=("cpu", "memory"),
        ),
    ),
)
