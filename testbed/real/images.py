"""Makes images of root file systems from registries' packages, and pushes them to a bed's registry.

An image gets the original's name in the chart, so that neither chart nor values change.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from tools import cache, roots

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
# Not compressed: the registry is on the same machine, and time matters more than space.
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BLOCK = 1 << 20
_TIMEOUT = 120.0


@dataclass(frozen=True)
class Layer:
    """A layer as a file."""

    file: Path
    digest: str

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.file.stat().st_size


@dataclass(frozen=True)
class Image:
    """The content of a container image.

    Attributes:
        layers: The lowest first.
        command: The default command.
        environment: Variables of every container.
        created: When it was built, as in RFC 3339; empty if nobody asks for it.
    """

    layers: Sequence[Layer]
    command: Sequence[str] = ("sleep", "infinity")
    environment: Mapping[str, str] | None = None
    created: str = ""


def packages(root: Path) -> Layer:
    """A root file system of packages as a layer, packed once into the cache."""

    def add(archive: tarfile.TarFile) -> None:
        archive.add(root, arcname=".")

    return _packed(roots.layer_of(root), add)


def original(folder: Path) -> Layer:
    """A folder of this checkout as a layer whose files belong to root."""
    digest = hashlib.sha256()
    cache.add_files(digest, folder)

    def add(archive: tarfile.TarFile) -> None:
        archive.add(folder, arcname=".", filter=_of_root)

    return _packed(cache.root() / "layers" / f"original-{folder.name}" / digest.hexdigest()[:16], add)


def folders(paths: Sequence[str]) -> Layer:
    """A layer of empty folders with write access for all users; git cannot store such folders."""

    def add(archive: tarfile.TarFile) -> None:
        for path in sorted(paths):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(entry)

    return _packed(
        cache.root() / "layers" / "folders" / hashlib.sha256(repr(sorted(paths)).encode()).hexdigest()[:16],
        add,
    )


def _packed(place: Path, add: Callable[[tarfile.TarFile], None]) -> Layer:
    def make(into: Path) -> None:
        with tarfile.open(into / "layer.tar", "w") as archive:
            add(archive)
        (into / "digest").write_text(_digest(into / "layer.tar"))

    cache.publish(place, make)
    return Layer(place / "layer.tar", (place / "digest").read_text())


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode |= 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def push(image: Image, name: str, registry: str) -> str:
    """Pushes an image under the repository and tag of ``name``, but not to the registry in ``name``.

    Returns the digest of its manifest.

    Args:
        image: to push.
        name: as in a pod, such as ``ghcr.io/pandawms/panda-activemq:0.0.4``.
        registry: host and port of the target.
    """
    repository, tag = split(name)
    variables = {"PATH": _PATH, **(image.environment or {})}
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": list(image.command), "Env": [f"{key}={value}" for key, value in variables.items()]},
        "rootfs": {"type": "layers", "diff_ids": [each.digest for each in image.layers]},
        **({"created": image.created} if image.created else {}),
    }
    registry_api = _Repository(f"http://{registry}/v2/{repository}")
    for each in image.layers:
        with each.file.open("rb") as content:
            registry_api.upload(each.digest, each.size, content)
    text = json.dumps(config).encode()
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    registry_api.upload(digest, len(text), io.BytesIO(text))
    return registry_api.tag(
        tag,
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": digest, "size": len(text)},
            "layers": [
                {"mediaType": _LAYER, "digest": each.digest, "size": each.size} for each in image.layers
            ],
        },
    )


def split(name: str) -> tuple[str, str]:
    """The path of an image's repository in its registry, and its tag, with containerd's defaults."""
    path, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
    head, _, rest = path.partition("/")
    if rest and ("." in head or ":" in head or head == "localhost"):
        return rest, tag or "latest"
    return (path if rest else f"library/{path}"), tag or "latest"


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"


@dataclass(frozen=True)
class _Repository:
    url: str

    def upload(self, digest: str, size: int, content: BinaryIO) -> None:
        """Upload a blob unless the registry has it."""
        if self._call("HEAD", f"{self.url}/blobs/{digest}", accept=(HTTPStatus.NOT_FOUND,)).ok:
            return
        place = self._call("POST", f"{self.url}/blobs/uploads/").location
        joiner = "&" if "?" in place else "?"
        target = f"{place}{joiner}digest={urllib.parse.quote(digest)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._call("PUT", target, content, headers)

    def tag(self, tag: str, manifest: Mapping[str, Any]) -> str:
        """Upload a manifest under a tag; return its digest."""
        text = json.dumps(manifest).encode()
        self._call("PUT", f"{self.url}/manifests/{tag}", io.BytesIO(text), {"Content-Type": _MANIFEST})
        return f"sha256:{hashlib.sha256(text).hexdigest()}"

    def _call(
        self,
        method: str,
        url: str,
        body: BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
    ) -> _Answer:
        data = body if body is not None else (b"" if method == "POST" else None)
        request = urllib.request.Request(  # noqa: S310 - the registry on this machine
            urllib.parse.urljoin(self.url, url), data, dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 - as above
                return _Answer(True, response.headers.get("Location", ""))
        except urllib.error.HTTPError as error:
            if error.code in accept:
                return _Answer(False, "")
            raise


@dataclass(frozen=True)
class _Answer:
    ok: bool
    location: str
