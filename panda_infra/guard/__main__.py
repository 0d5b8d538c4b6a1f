"""Entry point of the plugin: the engine runs this folder with its own address as the argument."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def without_sdk() -> None:
    """Import the protocol's messages without the SDK around them, which takes longer than all else here."""
    folder = Path(str(getattr(find_spec("pulumi"), "origin", ""))).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


if __name__ == "__main__":
    # The folder itself came first on the path: its modules must not hide those of the standard library.
    sys.path[0] = str(Path(__file__).parents[2])
    from panda_infra.guard.official import start

    # It starts while Python still imports what the guard needs.
    official = start(sys.argv[1:])
    without_sdk()
    from panda_infra.guard.serve import serve

    serve(official, sys.argv[1:])
