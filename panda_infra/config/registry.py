"""The registry through which a stack's images are pulled, such as one that keeps copies of others (a proxy cache)."""

from typing import Annotated

from pydantic import SecretStr

from panda_infra.config.base import PORT, Form, HostName, Model
from panda_infra.products.secret_values import SecretValue

__all__ = ["Registry", "RegistrySecrets"]

_PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_DOCKER_HUB = "docker.io"
Prefix = Annotated[
    str,
    Form(
        rf"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:{PORT})?(/{_PART})*",
        "the host of a registry, with a port and a path or without",
        "harbor.site.org",
        longest=255,
    ),
]
Project = Annotated[
    str, Form(rf"{_PART}(/{_PART})*", "a path below the prefix in lower case", "proxy_cache", longest=255)
]


class Registry(Model):
    """Pulls every image of the stack through one registry, which has a project for each registry of origin."""

    prefix: Prefix
    """Address above the projects; images that are there already stay as they are."""
    projects: dict[HostName, Project] = {}
    """Project of each registry of origin, e.g. {docker.io: proxy_cache}; default: the name of the registry."""
    login: bool = False
    """Whether the registry asks for a log-in: that of the secrets `registry.pullUser` and `registry.pullPassword`."""

    def through(self, image: str) -> str:
        """An image, with its tag and digest or without, as this registry has it."""
        host, slash, name = image.partition("/")
        if host == self.prefix.partition("/")[0]:
            return image
        if not slash or not ("." in host or ":" in host or host == "localhost"):
            host, name = _DOCKER_HUB, image if slash else f"library/{image}"
        return f"{self.prefix}/{self.projects.get(host, host)}/{name}"


def _wants_log_in(registry: Registry | None) -> bool:
    """True if images are pulled from a registry that asks for a log-in."""
    return registry is not None and registry.login


class RegistrySecrets(Model):
    """The log-in by which nodes pull images; it needs no other right."""

    pull_user: Annotated[
        SecretStr | None,
        SecretValue(
            title="user that may pull images from the registry",
            needed=lambda config: _wants_log_in(config.registry),
        ),
    ] = None
    """User that may pull images."""
    pull_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user that may pull images",
            needed=lambda config: _wants_log_in(config.registry),
        ),
    ] = None
    """Its password or token."""
