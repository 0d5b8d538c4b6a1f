"""PanDA's MCP server, through which assistants call the API of the PanDA server."""

from typing import TYPE_CHECKING

from panda_infra.products.content import Env
from panda_infra.products.model import ComponentSpec, Endpoint, HostCertificate, SubComponentSpec, start
from panda_infra.products.network import Call
from panda_infra.products.panda import calls
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_ingress
from panda_infra.products.workloads import Component, Replicated

if TYPE_CHECKING:
    from panda_infra.products.panda.context import Context

__all__ = ["COMPONENT", "Mcp", "McpSettings", "envs"]

# The default port of the program.
_PORT = 25888


class McpSettings(ComponentSettings):
    """Settings of the MCP server; its callers log in at the PanDA server with their own tokens."""


class Mcp(Component):
    """The server of the Model Context Protocol."""

    server: Replicated = Replicated()
    """The server."""
    settings: McpSettings = McpSettings()
    """Its Secrets."""


def envs(context: "Context") -> Env:
    """The Secret mcp-envs: the addresses of the PanDA server, and the server's own port."""
    return {
        "PANDA_API_URL": f"{context.server_url}/api/v1",
        "PANDA_API_URL_SSL": f"{context.server_ssl_url}/api/v1",
        "PANDA_SERVER_CONF_PORT_MCP": str(_PORT),
    }


COMPONENT = ComponentSpec(
    name="mcp",
    title="PanDA MCP",
    about="MCP server.",
    position=90,
    version="0.1.0",
    usual_seconds=15,
    config=Mcp,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=("ghcr.io/pandawms/panda-server", "1.0.0"),
            secrets=start("mcp-envs"),
            ports=(_PORT,),
            calls=calls.SERVER,
        ),
    ),
    needs=("panda",),
    upstream=False,
    endpoints=(
        Endpoint(
            host="mcp",
            position=80,
            about="MCP server.",
            key="server.ingress",
            tls="mcp-tls-certs",
            pods=(Call("mcp", "server", _PORT),),
        ),
    ),
    builders={"mcp-envs": envs, "mcp-tls-certs": of_ingress("mcp")},
    certificate=HostCertificate("MCP server; covers `hosts.mcp`."),
)
