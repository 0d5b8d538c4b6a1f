"""Entry point of the plugin: the engine runs this folder with its own address as the argument."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # The folder itself came first on the path: its modules must not hide those of the standard library.
    sys.path[0] = str(Path(__file__).parents[2])
    from panda_infra.provider.serve import main

    main(sys.argv[1:])
