"""Runs in an image of Rucio: whether Rucio accepts a user's password.

Reads JSON: {"url", "username", "password"}; prints accepted or refused.
"""

import json
import os
import sys

question = json.load(sys.stdin)
with open("/tmp/rucio.cfg", "w") as file:
    file.write(f"[database]\ndefault = {question['url']}\nschema =\n")
os.environ["RUCIO_CONFIG"] = "/tmp/rucio.cfg"

from rucio.core.identity import verify_identity  # noqa: E402 - reads the configuration
from rucio.db.sqla.constants import IdentityType  # noqa: E402 - likewise

try:
    found = verify_identity(question["username"], IdentityType.USERPASS, question["password"])
except Exception as error:  # noqa: BLE001 - each of them refuses
    print(type(error).__name__)
else:
    print("accepted" if found else "refused")
