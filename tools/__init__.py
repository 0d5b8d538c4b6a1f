"""Builds and finds the tools that the project runs: the Pulumi engine and an embedded Kubernetes.

Everything here uses the standard library only, because it runs before the virtualenv exists.
Others call `tools.toolchain.ensure` and `tools.venv.ensure`; people call `python -m tools`.
"""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
