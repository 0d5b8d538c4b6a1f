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
            chart_image=("ghcr.io/pandawms/panda-activemq", "0.0.4"),
            secrets=start("msgsvc-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(61613,),
            scalable=False,
            reserves=("cpu", "memory"),
            # ActiveMQ's KahaDB, whose lock file is made for brokers that share a file system.
            locks=True,
        ),
    ),
)
