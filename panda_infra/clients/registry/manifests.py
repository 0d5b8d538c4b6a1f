"""Ask an OCI registry for the digest of a chart or an image."""

from __future__ import annotations

from panda_infra.clients.registry.login import RegistryNotFoundError
from panda_infra.clients.registry.transport import address, ask

__all__ = ["IMAGE_KINDS", "MANIFEST", "chart_digest", "image_digest", "image_place"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
"""The media type of the manifest of a chart, an image of one architecture, or another artifact."""
# An image for several architectures has an index, whose digest fits every node.
IMAGE_KINDS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        MANIFEST,
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""The media types that the manifest or the index of an image may have, as the header Accept has them."""
_DOCKER_HUB = "registry-1.docker.io"


def chart_digest(repository: str, chart: str, version: str) -> str:
    """The digest of a chart's manifest, as ``sha256:...``; empty if the registry does not state it.

    Args:
        repository: ``oci://host/path`` below which charts lie by their names.
        chart: its name.
        version: of the chart.

    Raises:
        RegistryError: no answer, a refusal, or no such chart; the type distinguishes them.
    """
    host, _, path = repository.removeprefix("oci://").partition("/")
    # A tag cannot contain the plus before a version's metadata: Helm pushes an underscore instead.
    name, tag = f"{path}/{chart}" if path else chart, version.replace("+", "_")
    return _digest(host, name, tag, MANIFEST, f"{repository}/{chart} has no version {version}")


def image_digest(repository: str, tag: str) -> str:
    """The digest of an image's manifest or index, as ``sha256:...``; empty if the registry does not state it.

    Args:
        repository: registry and name as container runtimes read them: without a registry it is one of Docker's.
        tag: of the image.

    Raises:
        RegistryError: no answer, a refusal, or no such image; the type distinguishes them.
    """
    host, name = image_place(repository)
    return _digest(host, name, tag, IMAGE_KINDS, f"{repository} has no tag {tag}")


def image_place(repository: str) -> tuple[str, str]:
    """The host of an image's registry and the image's name there, as container runtimes find them."""
    host, slash, name = repository.partition("/")
    if not slash or not (host == "localhost" or "." in host or ":" in host):
        host, name = "docker.io", repository if slash else f"library/{repository}"
    return _DOCKER_HUB if host == "docker.io" else host, name


def _digest(host: str, name: str, tag: str, kinds: str, absent: str) -> str:
    url = address(host, name, f"manifests/{tag}")
    answer = ask("HEAD", url, f"{name}:{tag}", headers={"Accept": kinds})
    if answer is None:
        raise RegistryNotFoundError(absent)
    return str(answer.headers.get("Docker-Content-Digest", ""))
