"""The images of the charts that can be made here, and their contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from panda_infra.products.registry import COMPONENTS
from testbed import executables
from testbed.real import images
from testbed.real.images import Image, Layer
from testbed.real.machines import PAUSE
from tools import images as pinned
from tools.images import Image as Packages

_ORIGINALS = Path(__file__).with_name("originals")
_COMMON = "common"
_HTTPD = "httpd"


@dataclass(frozen=True)
class Software:
    """The replacement of an image of the charts.

    Attributes:
        packages: Its root file system.
        repositories: The images that it replaces, with any tag.
        command: The default command.
        environment: Variables that the original sets.
        folders: Folders with write access for all users.
        shared: Folders of files in this checkout that some other images have too.
    """

    packages: Packages
    repositories: Sequence[str]
    command: Sequence[str] = ("/usr/local/bin/entrypoint",)
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: Sequence[str] = ()
    shared: Sequence[str] = ()

    @property
    def originals(self) -> list[Path]:
        """The folders with the original's files that are in no package, the lowest first."""
        folders = [_ORIGINALS / name for name in (_COMMON, *self.shared, self.packages.name)]
        return [folder for folder in folders if folder.is_dir()]


ACTIVEMQ = Software(
    pinned.ACTIVEMQ,
    ("ghcr.io/pandawms/panda-activemq",),
    command=("sleep", "infinity"),
    environment={"ACTIVEMQ_HOME": "/opt/activemq", "ACTIVEMQ_DATA": "/appdata/activemq"},
)
POSTGRES = Software(pinned.POSTGRES, ("ghcr.io/pandawms/panda-database", "postgres"))
# This image stands for the operator's with its plugin, which no chart names.
POSTGRES_ARCHIVED = Software(
    pinned.POSTGRES_ARCHIVED, (), environment={"PATH": "/opt/barman/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
)
MARIADB = Software(pinned.MARIADB, ("mariadb",))
PROMETHEUS = Software(pinned.PROMETHEUS, ())
PANDA = Software(
    pinned.PANDA,
    ("ghcr.io/pandawms/panda-server",),
    command=("sleep", "infinity"),
    # The package's defaults are for a machine with many cores.
    environment={
        "PANDA_SERVER_CONF_MIN_WORKERS": "1",
        "PANDA_SERVER_CONF_MAX_WORKERS": "50",
        "PANDA_SERVER_CONF_NUM_WSGI": "1",
    },
    folders=(
        "/data/panda",
        "/etc/grid-security/certificates",
        "/etc/grid-security/dn-lists",
        "/run/httpd",
        "/run/httpd/wsgisocks",
        "/var/run/panda",
        "/var/cache/pandaserver",
        "/var/log/panda",
    ),
    shared=(_HTTPD,),
)
IDDS = Software(
    pinned.IDDS,
    ("ghcr.io/hsf/idds",),
    command=("/opt/idds/bin/start-daemon.sh", "all"),
    environment={
        "IDDS_AGENTS": "clerk,transformer,receiver,conductor",
        "IDDS_SERVER_CONF_MIN_WORKERS": "1",
        "IDDS_SERVER_CONF_MAX_WORKERS": "100",
        "IDDS_SERVER_CONF_NUM_WSGI": "1",
    },
    folders=(
        "/etc/grid-security",
        "/etc/grid-security/certificates",
        "/opt/idds/config",
        "/run/httpd",
        "/var/idds/wsgisocks",
        "/var/log/idds",
    ),
    shared=(_HTTPD,),
)
_OF_RUCIO = {"PATH": "/opt/rucio/bin:/usr/sbin:/usr/bin:/sbin:/bin", "RUCIO_HOME": "/opt/rucio"}
# Neither runs on a real node: its server needs Apache with the original's configuration.
RUCIO = Software(pinned.RUCIO, ("rucio/rucio-server",), environment=_OF_RUCIO)
RUCIO_EARLIER = Software(pinned.RUCIO_EARLIER, (), environment=_OF_RUCIO)
# This one does not run on a real node either: its job and its server would need the databases' and the store's own
# images.
DIRACX = Software(pinned.DIRACX, (), environment={"HOME": "/root"}, folders=("/work",))
# The original has DIRAC in a folder of its own, of which its user writes in some parts.
DIRAC = Software(
    pinned.DIRAC,
    (),
    environment={
        "PATH": "/opt/dirac/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "DIRAC": "/opt/dirac",
        "DIRAC_ROOT_PATH": "/opt/dirac",
        "HOME": "/home/dirac",
    },
    folders=(
        "/home/dirac",
        "/persistent",
        "/work",
        *(f"/opt/dirac/{name}" for name in ("control", "data", "etc", "requestCache", "work")),
    ),
)
# Fixtures of DPPS: the storage's own image has another release, the registry's has no package of Debian.
XROOTD = Software(pinned.XROOTD, (), folders=("/work", "/data"))
KNOWN = (ACTIVEMQ, POSTGRES, MARIADB, PANDA, IDDS)
ELSEWHERE = ("jedi",)
"""Containers of these images that stay simulated: JEDI needs PanDA's tables, which no registry has."""


def made(names: Iterable[str]) -> dict[str, Image]:
    """The images that can be made here, of these, and the one that every pod needs; with packed layers.

    Raises:
        BedError: a package is not available.
    """
    known = {repository: software for software in KNOWN for repository in software.repositories}
    wanted = {name: known[name.rpartition(":")[0]] for name in names if name.rpartition(":")[0] in known}
    return {PAUSE: Image([_packages(pinned.NODE)])} | {
        name: Image(
            [
                _packages(software.packages),
                *map(images.original, software.originals),
                images.folders(software.folders),
            ],
            software.command,
            software.environment,
        )
        for name, software in sorted(wanted.items())
    }


def named(charts: Iterable[Path]) -> set[str]:
    """The images of a stack as ``repository:tag``: the program's own choices, and the charts' default values."""
    chosen = (sub.default_image for component in COMPONENTS.values() for sub in component.sub_components)
    return {":".join(image) for image in chosen} | {name for chart in charts for name in _named(chart)}


def _packages(packages: Packages) -> Layer:
    return images.packages(executables.unpacked(packages))


def _named(chart: Path) -> Iterator[str]:
    """The images in a chart's default values, which override those of its sub-charts."""
    values = _values(chart)
    for sub_chart in (chart / "charts").glob("*/"):
        image = _image(_values(sub_chart)) | _image(values.get(sub_chart.name) or {})
        if image.keys() >= {"repository", "tag"}:
            yield f"{image['repository']}:{image['tag']}"


def _values(chart: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text()) or {}
    return values


def _image(values: Mapping[str, Any]) -> dict[str, str]:
    return dict(values.get("image") or {})
