"""How a process of the bed starts quickly. Knows no service: Nova and Magnum patch a process before all else."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

_SOURCES = Path(__file__).parents[3]


def begin() -> None:
    """Call before the service is imported."""
    # Thousands of modules are imported, and next to nothing of them is ever garbage.
    gc.disable()
    # Stevedore keeps its list of all plug-ins as long as no folder of the path changes, and the sources change
    # often. Their modules are found without the path once their package is imported.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _SOURCES]


def over() -> None:
    """Call once all is imported: that stays, and need not be looked at by the collector."""
    gc.freeze()
    gc.enable()
