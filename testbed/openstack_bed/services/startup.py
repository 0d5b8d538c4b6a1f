"""Makes a process of the bed start quickly. Imports no service, because Nova and Magnum must patch first."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

_SOURCES = Path(__file__).parents[3]


def begin() -> None:
    """Call before the service is imported."""
    # The imports of thousands of modules make almost no garbage.
    gc.disable()
    # Stevedore caches its list of plug-ins until a folder on the path changes, and the sources change often. Their
    # modules are found without the path after their package is imported.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _SOURCES]


def over() -> None:
    """Call after all imports: the garbage collector then ignores the imported objects."""
    gc.freeze()
    gc.enable()
