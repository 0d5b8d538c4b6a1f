"""Argo CD's Image Updater beside a bed.

A part of its Go module is missing, so that nobody can build the controller of it: the module only gives the custom
resource definition of its first version. A checkout of upstream's repository gives both.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from panda_infra.clients.go_modules import file_of_module
from testbed import ports, processes, waiting
from testbed.api import Api
from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from testbed.consumers.upstream import SOURCES, built
from tools import cache

__all__ = ["CHECKOUT", "NO_CHECKOUT", "defined", "definition", "running", "without_namespace"]

CHECKOUT = SOURCES / "argocd-image-updater" if SOURCES else None
"""The checkout, if there is a folder for checkouts."""
NO_CHECKOUT = "PANDA_INFRA_UPSTREAM_SOURCES names no folder with a checkout `argocd-image-updater`"

_MODULE, _VERSION = "github.com/argoproj-labs/argocd-image-updater", "v1.0.0"
_CHECKSUM = "h1:43+lBl3RGiwLAastRXZlDvPT5WOKoA3TOb6SIZstGGI="
_FILE = "config/crd/bases/argocd-image-updater.argoproj.io_imageupdaters.yaml"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_INTERVAL = "3s"
_PART = "argocd-image-updater"
_PATIENCE = 30.0

Definition = dict[str, Any]


def definition(checkout: Path | None = None) -> Definition:
    """The custom resource definition of the first version, or of a checkout."""
    if checkout:
        return _parsed((checkout / _FILE).read_bytes())

    def fetch(folder: Path) -> None:
        (folder / "definition.yaml").write_bytes(file_of_module(_MODULE, _VERSION, _CHECKSUM, _FILE))

    place = cache.root() / _PART / _VERSION
    cache.publish(place, fetch)
    return _parsed((place / "definition.yaml").read_bytes())


def without_namespace(definition: Definition) -> Definition:
    """A definition without the field that later versions have removed."""
    changed = copy.deepcopy(definition)
    spec = changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["required"].remove("namespace")
    del spec["properties"]["namespace"]
    return changed


@contextmanager
def defined(api: Api, definition: Definition) -> Iterator[None]:
    """A cluster with a custom resource definition for the time of the context; it is served when this returns."""
    name = definition["metadata"]["name"]
    spec = definition["spec"]
    root, plural = f"/apis/{spec['group']}/{spec['versions'][0]['name']}", spec["names"]["plural"]
    served, document, path = f"{root}/{plural}", f"/openapi/v3{root}", f"{_DEFINITIONS}/{name}"
    api.create(_DEFINITIONS, definition)
    try:
        waiting.until(lambda: api.exists(served) and api.exists(document), f"{name} being served", _PATIENCE)
        yield
    finally:
        for each in api.list(served):
            about = each["metadata"]
            # No controller runs any more that would remove these finalizers.
            target = f"{root}/namespaces/{about['namespace']}/{plural}/{about['name']}"
            api.merge(target, {"metadata": {"finalizers": None}})
        api.delete(path)
        waiting.until(lambda: not api.exists(path), f"{name} being gone", _PATIENCE)


@contextmanager
def running(bed: Bed, argo: ArgoCd, checkout: Path) -> Iterator[processes.Process]:
    """The controller of a checkout, which looks into the bed's registry every few seconds."""
    registries = bed.state / f"{_PART}.yaml"
    known = {"name": "bed", "prefix": bed.registry, "api_url": f"http://{bed.registry}", "insecure": True}
    registries.write_text(yaml.safe_dump({"registries": [known]}))
    (probes,) = ports.free(1)
    words: list[str | Path] = [
        built(checkout, _PART, "./cmd"),
        "run",
        f"--interval={_INTERVAL}",
        f"--argocd-namespace={argo.namespace}",
        f"--registries-conf-path={registries}",
        f"--health-probe-bind-address={ports.HOST}:{probes}",
        "--leader-election=false",
        "--loglevel=debug",
    ]
    try:
        yield processes.spawn(bed.state, _PART, words, {"KUBECONFIG": str(bed.kubeconfig)})
    finally:
        processes.end(bed.state, {_PART})


def _parsed(text: bytes) -> Definition:
    found: Definition = yaml.safe_load(text)
    return found
