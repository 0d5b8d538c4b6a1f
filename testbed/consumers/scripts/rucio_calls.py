"""Runs in an image of Rucio: calls methods of its client as the account root, with the files of the job's pod.

Reads JSON: [[method, argument...]...]; prints each answer as a line of JSON, a list for an iterator.
"""

import json
import os
import sys
from pathlib import Path

Path("/tmp/rucio.cfg").write_text("[client]\n")
os.environ |= {"RUCIO_CONFIG": "/tmp/rucio.cfg", "RUCIO_CLIENT_MODE": "1"}

from rucio.client import Client  # noqa: E402 - reads the configuration

server = json.loads(Path("/job/settings.json").read_text())["server"]
login = {key: Path("/secrets/root", key).read_text() for key in ("username", "password")}
client = Client(
    rucio_host=server,
    auth_host=server,
    account=login["username"],
    auth_type="userpass",
    creds=login,
    ca_cert="/secrets/ca/ca.pem",
)
for method, *arguments in json.load(sys.stdin):
    answer = getattr(client, method)(*arguments)
    print(json.dumps(answer if isinstance(answer, dict | list | bool | None) else list(answer), default=str))
