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
        """What a stack file says to get exactly this one."""
        return {"version": self.version, "digest": self.digest}


def chosen(checkout: Path | None) -> list[Path]:
    """The chart folders of a checkout of the real charts, else the fixture charts.

    Raises:
        BedError: there is none.
    """
    return find(checkout.expanduser() / "helm" if checkout else FIXTURES)


def find(folder: Path) -> list[Path]:
    """The chart folders at ``folder``: itself, or those right below it.

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
        BedError: Helm refused a chart; the message carries what it said.
    """
    return publish(folders, bed.registry, bed.state)


def publish(folders: Iterable[Path], address: str, state: Path) -> list[Published]:
    """As :func:`push`, for a registry at ``address`` whose bed need not be complete yet."""
    helm = _Helm(executables.locate()["helm"], state)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(lambda folder: helm.publish(folder, address), folders))


@dataclass(frozen=True)
class _Helm:
    executable: Path
    state: Path

    def publish(self, folder: Path, address: str) -> Published:
        """A chart that was published as it is stays: Helm would give it another digest for the time of packaging."""
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
    """As the chart says it; what is no chart is left to Helm to refuse."""
    said = re.search(r"^name: *['\"]?([\w.-]+)", (folder / "Chart.yaml").read_text(), re.MULTILINE)
    return said[1] if said else folder.name


def _content(folder: Path) -> str:
    """The same for the same files."""
    digest = hashlib.sha256()
    cache.add_files(digest, folder)
    return digest.hexdigest()


def helm_homes(folder: Path) -> Mapping[str, str]:
    """Variables that keep the user's own Helm settings and log-ins out of what Helm does here, below ``folder``."""
    return {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
