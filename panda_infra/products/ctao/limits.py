"""Characters of secret values that the readers of DPPS cannot handle."""

from __future__ import annotations

import re

from panda_infra.products.secret_values import Limit

__all__ = ["DATABASE"]

DATABASE = Limit(
    re.compile(r"[^A-Za-z0-9]"),
    "anything but letters and digits",
    "it is part of URLs and of command lines, and Rucio reads its URL by a parser that replaces % (C20, C29)",
)
