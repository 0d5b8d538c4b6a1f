"""An OpenSearch for tests, the fixture of the interface of that name: DiracX keeps parameters of jobs there."""

from typing import TYPE_CHECKING, ClassVar

from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.context import OPENSEARCH_PORT
from panda_infra.products.ctao.interfaces import InterfaceComponent, InterfacesSecrets
from panda_infra.products.ctao.programs import CHART, VERSION, Data, Key, Part, tcp, values_of
from panda_infra.products.ctao.versions import OPENSEARCH_IMAGE
from panda_infra.products.model import Claim, ComponentSpec, SubComponentSpec, start
from panda_infra.products.secret_values import Contained
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["COMPONENT", "Opensearch"]

_SECRET = "opensearch"  # noqa: S105 - a name
_PASSWORD = "OPENSEARCH_INITIAL_ADMIN_PASSWORD"  # noqa: S105 - a variable of the image
_USER = 1000


class Opensearch(InterfaceComponent):
    """An OpenSearch of one node, for tests."""

    replaces: ClassVar[str] = "opensearch"

    server: SubComponent = SubComponent()
    """The server."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


def administrator(context: "Context") -> Env:
    """The Secret opensearch: the password of its user admin, under the name of the image's variable."""
    return {_PASSWORD: reveal(context.secrets.of(InterfacesSecrets).open_search_password)}


_SERVER = Part(
    name="server",
    ports={"https": OPENSEARCH_PORT},
    variables={
        "discovery.type": "single-node",
        "OPENSEARCH_JAVA_OPTS": "-Xms256m -Xmx256m",
        # Kernels of nodes often allow fewer mapped files than it asks for.
        "node.store.allow_mmap": "false",
        _PASSWORD: Key(_SECRET, _PASSWORD),
    },
    data=Data("/usr/share/opensearch/data", "5Gi"),
    probe=tcp("https"),
    resources={"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
    user=_USER,
)


COMPONENT = ComponentSpec(
    name="opensearch",
    title="OpenSearch",
    about="OpenSearch for tests.",
    position=216,
    version=VERSION,
    usual_seconds=40,
    chart=CHART,
    ships=True,
    config=Opensearch,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=OPENSEARCH_IMAGE,
            image=OPENSEARCH_IMAGE,
            secrets=start(_SECRET),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
            ports=(OPENSEARCH_PORT,),
            switchable=False,
            scalable=False,
            locks=True,
        ),
    ),
    contains={("interfaces", "openSearchPassword"): Contained(secrets=(_SECRET,))},
    builders={_SECRET: administrator},
    values=values_of("opensearch", _SERVER),
    checks=(
        Check(
            "opensearch.answers",
            "OpenSearch answers, and wants a password",
            "DPPS-FIXTURES",
            Request("opensearch/server", OPENSEARCH_PORT, "/", status=(401,)),
        ),
    ),
)
