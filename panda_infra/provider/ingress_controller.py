"""The setting for snippets that the version of the ingress controller needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["CONTROLLER", "snippet_risk"]

CONTROLLER = "cern-magnum-ingress-nginx-controller"
"""Name of the workload in kube-system that CERN's Magnum makes."""

_VERSION = re.compile(r"/?(?:ingress-nginx|controller|nginx-ingress-controller)[^/:]*:v?(\d+)\.(\d+)")
_STRICT = (1, 12)  # from this version on, snippets must be allowed by a risk level


def snippet_risk(images: Iterable[str]) -> str:
    """The risk level that snippets need in the controller's settings; empty if the images need none."""
    versions = [(int(match[1]), int(match[2])) for image in images if (match := _VERSION.search(image))]
    return "Critical" if versions and max(versions) >= _STRICT else ""
