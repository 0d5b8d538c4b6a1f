"""The source of a version of Argo CD, and the hash that identifies it."""

from __future__ import annotations

from collections.abc import Mapping

from panda_infra.config.argocd import ArgoCd

__all__ = ["FILE", "KNOWN", "MODULE", "checksum_of"]

MODULE = "github.com/argoproj/argo-cd/v2"
"""The Go module that contains the manifests of each version."""
FILE = "manifests/install.yaml"
"""The file that upstream's guide applies, inside the module."""
KNOWN: Mapping[str, str] = {
    "2.13.5": "h1:rnX3gDhSw587P1H8uiNNHqaCCOyG9ue6jihPxbgmRLw=",
    "2.13.6": "h1:AoOaNidqkGgnH/prgbLp5PyFxBU0UGJUGdXJw+UDvqM=",
    "2.13.9": "h1:Mzs4FA1EeFhI/xoTFqSA80JP9/IwI+B4I1Kr0pTcLlA=",
}
"""The hashes of modules, as in Go's checksum database."""


def checksum_of(argocd: ArgoCd) -> str | None:
    """The hash of the module; None if neither the stack file nor the program knows it."""
    return argocd.checksum or KNOWN.get(argocd.version or "")
