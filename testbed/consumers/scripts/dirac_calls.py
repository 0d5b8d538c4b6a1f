"""Runs in an image of DIRAC: calls methods of services as a host, as a user with a proxy, or as nobody.

Reads JSON: {"configuration", "host" or "user": [CERTIFICATE, KEY], "group", "calls": [[SERVICE, METHOD, ...]...]}.
Prints for each call whether it succeeded, and its answer or the reason, as a line of JSON.
"""

import json
import os
import sys
from pathlib import Path

import DIRAC

_PROXY = "/tmp/proxy"
_SECONDS = 30

asked = json.load(sys.stdin)
Path(_PROXY).unlink(missing_ok=True)
os.environ["X509_USER_PROXY"] = _PROXY
if "user" in asked:
    from DIRAC.Core.Security.m2crypto.X509Chain import X509Chain
    from DIRAC.Core.Utilities.ReturnValues import returnValueOrRaise

    certificate, key = asked["user"]
    chain = X509Chain()
    returnValueOrRaise(chain.loadChainFromFile(certificate))
    returnValueOrRaise(chain.loadKeyFromFile(key))
    returnValueOrRaise(chain.generateProxyToFile(_PROXY, 3600, diracGroup=asked["group"]))
DIRAC.initialize(
    require_auth=False,
    log_level=DIRAC.LogLevel.FATAL,
    extra_config=asked["configuration"],
    host_credentials=asked.get("host", False),
)

from DIRAC.Core.Base.Client import Client  # noqa: E402 - needs what was initialized

for service, method, *arguments in asked["calls"]:
    answer = getattr(Client(url=service, timeout=_SECONDS), method)(*arguments)
    shown = answer["Value"] if answer["OK"] else answer["Message"]
    print(json.dumps([answer["OK"], shown], default=str))
