"""Publishing chart folders to a bed's registry with Helm."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from testbed import executables, registry
from testbed.errors import BedError
from tools import REPOSITORY, cache

if TYPE_CHECKING:
    from testbed.bed import Bed

FIXTURES = REPOSITORY / "tests" / "charts"
"""Small charts with the names, values and references of the real ones."""
_TIMEOUT = 60.0


@dataclass(frozen=True)
class Published:
    """A chart in the registry: its reference (``oci://...``), version, manifest digest."""

    reference: str
    version: str
    digest: str

    @property
    def pin(self) -> dict[str, str]:
        """The keys of a stack file that select exactly this chart."""
        return {"version": self.version, "digest": self.digest}


def chosen(checkout: Path | None) -> list[Path]:
    """The chart folders of a checkout of the real charts, PanDA's or Rucio's; without one, the fixture charts.

    Raises:
        BedError: there is none.
    """
    if checkout is None:
        return find(FIXTURES)
    places = [checkout.expanduser() / name for name in ("helm", "charts")]
    return find(next((place for place in places if place.is_dir()), places[0]))


def find(folder: Path) -> list[Path]:
    """The chart folders at ``folder``: itself, or its direct sub-folders.

    Raises:
        BedError: there is none.
    """
    if (folder / "Chart.yaml").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/Chart.yaml"))
    if not found:
        raise BedError(f"{folder}: neither a chart nor a folder of charts, there is no Chart.yaml")
    return found


def push(bed: Bed, folders: Sequence[Path]) -> list[Published]:
    """Packages the chart folders and pushes them to the bed's registry, all at once.

    Raises:
        BedError: Helm refused a chart; the message contains Helm's output.
    """
    return publish(folders, bed.registry, bed.state)


def publish(folders: Iterable[Path], address: str, state: Path) -> list[Published]:
    """Like :func:`push`, for the registry at ``address`` of a bed that is still starting."""
    helm = _Helm(executables.locate()["helm"], state)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(lambda folder: helm.publish(folder, address), folders))


@dataclass(frozen=True)
class _Helm:
    executable: Path
    state: Path

    def publish(self, folder: Path, address: str) -> Published:
        """Publish a chart unless the same files are there: Helm's digest would change with the time of packaging."""
        content = _content(folder)
        record = self.state / "charts" / f"{_name(folder)}.json"
        known = json.loads(record.read_text()) if record.exists() else {}
        if known.pop("content", None) == content:
            return Published(**known)
        published = self._push(folder, address)
        record.parent.mkdir(exist_ok=True)
        record.write_text(json.dumps({"content": content, **asdict(published)}))
        return published

    def _push(self, folder: Path, address: str) -> Published:
        repository = f"oci://{address}/{registry.CHARTS}"
        with tempfile.TemporaryDirectory(dir=self.state) as scratch:
            self._run("package", str(folder), "--destination", scratch)
            (archive,) = Path(scratch).iterdir()
            said = self._run("push", str(archive), repository, "--plain-http")
        pushed = re.search(r"^Pushed: \S+/(?P<name>[^:]+):(?P<version>\S+)$", said, re.MULTILINE)
        digest = re.search(r"^Digest: (\S+)$", said, re.MULTILINE)
        if not pushed or not digest:
            raise BedError(f"helm push {archive.name}: unexpected answer: {said.strip()}")
        return Published(f"{repository}/{pushed['name']}", pushed["version"], digest[1])

    def _run(self, *arguments: str) -> str:
        result = subprocess.run(
            [self.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env={**os.environ, **helm_homes(self.state / "helm")},
        )
        if result.returncode:
            raise BedError(f"helm {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout + result.stderr


def _name(folder: Path) -> str:
    """The name in Chart.yaml; without one the folder's name, so that Helm refuses it."""
    said = re.search(r"^name: *['\"]?([\w.-]+)", (folder / "Chart.yaml").read_text(), re.MULTILINE)
    return said[1] if said else folder.name


def _content(folder: Path) -> str:
    """A hash of the folder's files."""
    digest = hashlib.sha256()
    cache.add_files(digest, folder)
    return digest.hexdigest()


def helm_homes(folder: Path) -> Mapping[str, str]:
    """Variables that make Helm use folders below ``folder`` instead of the user's settings and log-ins."""
    return {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
