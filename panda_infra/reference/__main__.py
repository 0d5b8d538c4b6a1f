"""``python -m panda_infra.reference``."""

from panda_infra.reference.pages import write

write()
