"""Runs in a pod: asks a server of PanDA with the token that the pod itself uses, or with a forged one.

The question has an ``address`` and ``headers``, in both of which {NAME} stands for the pod's variable NAME and {token}
for the token; ``token``, the variable with the token, or an empty text for a forged one; and the ``status`` codes of a
good answer. The pods' own clients do not verify the certificates of Services either.
"""

import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path

_NOTHING_TO_ASK = 77
_SECONDS = 25
_FORGED = "e30.e30.Zm9yZ2Vk"


def main(question):
    """Print one line about the result and return the exit code."""
    token = own_token(os.environ.get(question["token"], "")) if question["token"] else _FORGED
    if not token:
        print(f"{question['token']} is empty: the stack has no token for its services")
        return _NOTHING_TO_ASK
    known = {**os.environ, "token": token}
    headers = {name: text.format_map(known) for name, text in question["headers"].items()}
    status = asked(question["address"].format_map(known), headers)
    print(f"status {status}, {'as' if status in question['status'] else 'not as'} it should be")
    return 0 if status in question["status"] else 1


def own_token(text):
    """The token in a variable, or in the file that it names."""
    if not text.startswith("file:"):
        return text
    file = Path(text[len("file:") :])
    return file.read_text().strip() if file.exists() else ""


def asked(address, headers):
    """The status of the answer; 0 without one."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(urllib.request.Request(address, headers=headers), timeout=_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
