"""Builds and finds the tools that the project runs: the Pulumi engine and an embedded Kubernetes.

Everything here uses the standard library only, because it runs before the virtualenv exists.
Other code calls `tools.toolchain.ensure` and `tools.venv.ensure`; people run `python -m tools`.
"""

import sys
from pathlib import Path

from tools import versions

REPOSITORY = Path(__file__).resolve().parent.parent

# Checked here, because an older Python fails on the syntax of the other modules.
if sys.version_info[:2] < versions.PYTHON_MINIMUM:
    found, wanted = (".".join(map(str, each)) for each in (sys.version_info[:3], versions.PYTHON_MINIMUM))
    sys.exit(f"error: this is Python {found}, and {wanted} or newer is needed: make PYTHON=<another>")
