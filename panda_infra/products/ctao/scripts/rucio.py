"""Runs in a pod of Rucio's server: logs in as an account and asks for what every user asks for.

The question has ``username`` and ``password``, what to ``ask``, and for that: nothing more for ``whoami``; the declared
``storages`` for ``storages``; ``source`` and ``destination``, two of them, for ``rule``, which registers a file at the
one and waits until Rucio's daemons have carried it to the other. Python may be as old as 3.9.
"""

import json
import os
import ssl
import time
import urllib.error
import urllib.request

_SCOPE = "verify"
_LIFETIME = 86400  # seconds after which Rucio removes the file by itself
_QUOTA = 1 << 20  # bytes
_PAUSE = 2
_PATIENCE = 240


class Server:
    """The server of this pod, asked as one account."""

    def __init__(self, address, username, password):
        self.address = address
        self.account = username
        login = {"X-Rucio-Account": username, "X-Rucio-Username": username, "X-Rucio-Password": password}
        self.headers = {}
        headers, _ = self.call("GET", "/auth/userpass", headers=login)
        self.headers = {"X-Rucio-Auth-Token": headers["X-Rucio-Auth-Token"]}

    def rows(self, method, path, content=None):
        """The lines of JSON in an answer."""
        _, text = self.call(method, path, content)
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def call(self, method, path, content=None, *, headers=None, also=()):
        """Headers and text of an answer, which is no JSON after most changes.

        A status of ``also``, or an exception that Rucio names so, is no error.
        """
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        request = urllib.request.Request(
            self.address + path,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json", **self.headers, **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            kind = error.headers.get("ExceptionClass") or error.reason
            if error.code in also or kind in also:
                return error.headers, ""
            raise SystemExit(f"{method} {path} is answered by {error.code} {kind}") from None


def main(question):
    """Print one line about the result and return the exit code."""
    address = question.get("address") or f"https://{os.environ['HOSTNAME']}"
    server = Server(address, question["username"], question["password"])
    return {"whoami": whoami, "storages": storages, "rule": rule}[question["ask"]](server, question)


def whoami(server, _question):
    """Ask the server for the account of this log-in."""
    (found,) = server.rows("GET", "/accounts/whoami")
    print(f"logged in as {found['account']}, {found['status']}")
    return 0 if found["account"] == server.account else 1


def storages(server, question):
    """Compare Rucio's storages with the declared ones."""
    known = {each["rse"] for each in server.rows("GET", "/rses/")}
    missing = sorted(set(question["storages"]) - known)
    print(
        f"{len(known)} storages"
        + (f"; missing: {', '.join(missing)}" if missing else ", all declared ones among them")
    )
    return 1 if missing else 0


def registered(server, storage):
    """Register a file at a storage, and return its name."""
    name = f"verify-{os.urandom(8).hex()}"
    # Names are what the server's policy takes: by CTAO's a path, by Rucio's own none.
    for each in (name, f"/{name}"):
        file = {"scope": _SCOPE, "name": each, "bytes": 1, "adler32": "00000001"}
        content = {"rse": storage, "files": [file], "ignore_availability": True}
        headers, _ = server.call("POST", "/replicas", content, also=("InvalidObject",))
        if headers.get("ExceptionClass") is None:
            return each
    raise SystemExit(f"the server takes neither {name} nor /{name} as the name of a file")


def rule(server, question):
    """Register a file, ask for a copy of it elsewhere, and wait for the daemons."""
    server.call("POST", f"/accounts/{server.account}/scopes/{_SCOPE}", also=(409,))
    name = registered(server, question["source"])
    server.call("POST", f"/dids/{_SCOPE}/{name.lstrip('/')}/meta/lifetime", {"value": _LIFETIME})
    wanted = {
        "dids": [{"scope": _SCOPE, "name": name}],
        "account": server.account,
        "copies": 1,
        "rse_expression": question["destination"],
        "lifetime": _LIFETIME,
    }
    limit = f"/accountlimits/local/{server.account}/{question['destination']}"
    # An account without a quota there, such as a new root, gets one for the time of this check.
    _, made = server.call("POST", "/rules/", wanted, also=(409,))
    lent = not made
    if lent:
        server.call("POST", limit, {"bytes": _QUOTA})
        _, made = server.call("POST", "/rules/", wanted)
    (number,) = json.loads(made)
    state, ends = "", time.monotonic() + _PATIENCE
    while state not in ("OK", "STUCK") and time.monotonic() < ends:
        time.sleep(_PAUSE)
        state = server.rows("GET", f"/rules/{number}")[0]["state"]
    server.call("DELETE", f"/rules/{number}", {"purge_replicas": True}, also=(404,))
    if lent:
        server.call("DELETE", limit, also=(404,))
    print(f"a rule from {question['source']} to {question['destination']} is {state or 'not answered'}")
    return 0 if state == "OK" else 1
