"""Runs in an image of DIRAC: which services have no rules who may call them.

Reads JSON: {"file", "services": [SYSTEM/NAME...]}; prints one a line.
"""

import json
import sys

from diraccfg import CFG

asked = json.load(sys.stdin)
configuration = CFG()
configuration.loadFromFile(asked["file"])
for service in asked["services"]:
    system, _, name = service.partition("/")
    if not configuration["Systems"][system]["Services"][name].isSection("Authorization"):
        print(service)
