"""Upstream's charts of DIRAC and DiracX, with the values by which they could be installed beside a stack's Secrets."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import fast_yaml, pypi
from tools.toolchain import ensure
from tools.versions import KUBERNETES

__all__ = [
    "CHART_OF_DIRACX",
    "DIRACX",
    "SECRETS",
    "WMS",
    "Object",
    "dirac",
    "give_chart",
    "made_by_jobs",
    "matching",
    "render",
    "wms",
]

Object = dict[str, Any]
CHART_OF_DIRACX = "diracx"
"""The folder of the chart in a checkout of DIRACGrid/diracx-charts."""
# CTAO's release with DIRAC's version that the stack runs, and DIRAC's files.
_WMS = (
    "ctao-wms-clients==0.10.0 --hash=sha256:666f248e9289fe9e695240f58c8b86e02a0a4d606bcd1a2a020e4adf06426875"
)
_DIRAC = (
    "DIRAC==9.1.20 --hash=sha256:5fd2b549762342138cce349465add5fc5925536e00ddab24528a3aaa2c437ffb",
    "CTADIRAC==3.3.1 --hash=sha256:e21879fce77062edbb864401e8579083776bca3cecb9652fc60a8cb40c07e230",
    "diraccfg==1.0.1 --hash=sha256:5103e25208fd41c623a72ddd5775416633f97b376531c86fb4e79282871db218",
)
_BUNDLED = ("opensearch", "dex", "mysql", "cert-manager", "cert-manager-issuer", "rabbitmq", "ingress")
_JOBS = ("initSecrets", "initSql", "initOs", "initKeyStore")

DIRACX: Mapping[str, Any] = {
    **{name: {"enabled": False} for name in (*_BUNDLED, *_JOBS)},
    "diracx": {
        "hostname": "diracx.localhost",
        "sqlDbs": {"default": {}, "dbs": {"JobDB": None}},
        "osDbs": {"default": {}, "dbs": {"JobParametersDB": None}},
    },
}
"""Values of DiracX' chart without its sub-charts and without the Jobs that make Secrets."""
WMS: Mapping[str, Any] = {
    # Objects of an operator that only CTAO's registry has.
    "gcertRequests": False,
}
"""Values of the chart `wms`."""
SECRETS: Mapping[str, tuple[str, str]] = {
    "diracx-dynamic-secrets": ("diracx", r"DIRACX_SERVICE_AUTH_STATE_KEY"),
    "diracx-jwks": ("diracx-keys", r"jwks\.json"),
    "diracx-os-connection-urls": ("diracx", r"DIRACX_OS_DB_\w+"),
    "diracx-sql-connection-urls": ("diracx-databases", r"DIRACX_DB_URL_\w+"),
    "diracx-task-redis-url": ("diracx", r"DIRACX_TASKS_REDIS_URL"),
}
"""The Secrets that upstream's pods of DiracX read, each with the stack's and those keys of it."""
_MADE = re.compile(r"generate_secret_if_needed (\S+) \\?\s*--from-literal=(\w+)=")


def give_chart(metafunc: pytest.Metafunc) -> None:
    """Give tests that take a ``chart`` that of DiracX; there are none without a checkout (`--diracx-charts`)."""
    if "chart" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--diracx-charts")
        folders = [checkout.resolve() / CHART_OF_DIRACX] if checkout else []
        metafunc.parametrize("chart", folders, ids=["upstream"] * len(folders), scope="module")


def wms(folder: Path, diracx: Path | None = None) -> Path:
    """CTAO's chart `wms` in a folder, alone or with that of DiracX; its other sub-charts are in no public registry."""
    (found,) = pypi.unpacked([_WMS], "3.14", source=True).iterdir()
    shutil.copytree(found / "chart", folder / "wms")
    described = folder / "wms" / "Chart.yaml"
    text = yaml.safe_load(described.read_text())
    text["dependencies"] = [each for each in text["dependencies"] if diracx and each["name"] == diracx.name]
    described.write_text(fast_yaml.dump(text))
    if diracx:
        shutil.copytree(diracx, folder / "wms" / "charts" / diracx.name)
    return folder / "wms"


def dirac() -> Path:
    """The files of DIRAC and CTAO's extension, as they are in the images."""
    return pypi.unpacked(_DIRAC, "3.12")


def render(chart: Path, release: str, values: Mapping[str, Any]) -> list[Object]:
    """The objects of a release."""
    helm = ensure(["helm"]).path("helm")
    command = (helm, "template", release, chart, "--kube-version", KUBERNETES, "--values", "-")
    done = subprocess.run(
        command, input=fast_yaml.dump(dict(values)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [each for each in fast_yaml.load_all(done.stdout) if each]


def matching(data: Mapping[str, str], keys: str) -> dict[str, str]:
    """The entries of a Secret whose keys match a pattern of `SECRETS`."""
    return {key: text for key, text in data.items() if re.fullmatch(keys, key)}


def made_by_jobs(objects: list[Object]) -> Iterator[tuple[str, str]]:
    """Each Secret that upstream's job makes, with one of its keys."""
    for each in objects:
        for text in (each.get("data") or {}).values() if each["kind"] == "ConfigMap" else ():
            yield from _MADE.findall(text)
