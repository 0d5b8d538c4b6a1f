"""Entry point of the plugin: the engine runs this folder with its own address as the argument."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts this folder first on the path, where its modules would hide those of the standard library.
    sys.path[0] = str(Path(__file__).parents[2])
    from panda_infra.provider.serve import main

    main(sys.argv[1:])
