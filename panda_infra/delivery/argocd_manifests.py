"""Locate Argo CD's manifests, and check before any change that they are those of the version in the stack file."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from panda_infra.argocd.install.manifests import Manifest, flaws, parsed
from panda_infra.argocd.install.versions import FILE, MODULE, checksum_of
from panda_infra.clients.go_modules import file_of_module, read_address
from panda_infra.config.argocd import ArgoCd, ManifestFile
from panda_infra.delivery.charts import cache_folder
from panda_infra.errors import PandaInfraError, Problem
from panda_infra.plan.argocd import installed_argocd
from panda_infra.plan.model import Plan

__all__ = ["check_manifests", "manifests_of"]

_SHORT = 32  # digits of a hash in a file name


def check_manifests(plan: Plan) -> list[Problem]:
    """Fetch the manifests of the stack's own Argo CD, if it has one; at most one problem."""
    argocd = installed_argocd(plan.config)
    if argocd is None:
        return []
    where = "argocd.manifests" if argocd.manifests else "argocd.version"
    try:
        found = manifests_of(argocd)
    except PandaInfraError as error:
        return [Problem(where, f"cannot be fetched: {error}", _fix(argocd))]
    wrong = list(flaws(found, argocd.version or ""))
    if not wrong:
        return []
    return [Problem(where, f"is not what the stack asks for: it {'; it '.join(wrong)}", _fix(argocd))]


def _fix(argocd: ArgoCd) -> str:
    if argocd.manifests:
        return f"Name the install.yaml of Argo CD {argocd.version} and its SHA-256, or another version."
    return (
        "Name a version that exists, check the network and GOPROXY, or write `argocd.manifests` with a mirror or a "
        "file of its install.yaml."
    )


def manifests_of(argocd: ArgoCd) -> list[Manifest]:
    """The manifests of a version, from the cache if they were fetched before.

    Raises:
        PandaInfraError: they cannot be fetched, or are not those of the version.
    """
    if argocd.manifests:
        file = argocd.manifests
        return _cached(file.sha256, lambda: _from_file(file))
    checksum = checksum_of(argocd)
    if checksum is None:
        raise PandaInfraError(f"the hash of version {argocd.version} is unknown")
    return _cached(checksum, lambda: file_of_module(MODULE, f"v{argocd.version}", checksum, FILE))


def _from_file(file: ManifestFile) -> bytes:
    if file.location.startswith("https://"):
        content = read_address(file.location)
    else:
        try:
            content = Path(file.location).expanduser().read_bytes()
        except OSError as error:
            raise PandaInfraError(f"{file.location} cannot be read: {error.strerror}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise PandaInfraError(f"{file.location} has the SHA-256 {found}, not {file.sha256}")
    return content


def _cached(checksum: str, fetch: Callable[[], bytes]) -> list[Manifest]:
    """The objects, kept as JSON because it is read in a hundredth of the time that YAML takes."""
    name = hashlib.sha256(checksum.encode()).hexdigest()[:_SHORT]
    file = cache_folder() / "argocd" / f"{name}.json"
    try:
        found: list[Manifest] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass
    else:
        return found
    try:
        found = parsed(fetch())
    except ValueError as error:
        raise PandaInfraError(str(error)) from None
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as scratch:
        json.dump(found, scratch)
    Path(scratch.name).replace(file)  # whole, even if two runs write it
    return found
