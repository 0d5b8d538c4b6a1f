"""``python -m panda_infra.reference``."""

import sys

from panda_infra.errors import PandaInfraError
from panda_infra.reference.pages import write

try:
    write()
except PandaInfraError as error:
    sys.exit(f"error: {error}")
