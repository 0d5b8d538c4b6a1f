"""Entry point of the plugin: the engine runs this folder with its own address as the argument."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def without_sdk() -> None:
    """Let the protocol's messages be imported without the SDK, whose import takes longer than all else here."""
    folder = Path(str(getattr(find_spec("pulumi"), "origin", ""))).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


if __name__ == "__main__":
    # Python puts this folder first on the path, where its modules would hide those of the standard library.
    sys.path[0] = str(Path(__file__).parents[2])
    from panda_infra.guard.official import start

    # The official plugin starts while Python imports the rest of the guard.
    official = start(sys.argv[1:])
    without_sdk()
    from panda_infra.guard.serve import serve

    serve(official, sys.argv[1:])
