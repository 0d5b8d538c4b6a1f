"""PanDA's requirements, and the questions that several of its components are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from panda_infra.products.verification import Command, Usual, python

__all__ = [
    "IDDS_PYTHON",
    "PANDA_PYTHON",
    "REQUIREMENTS",
    "USUAL",
    "asked_with_token",
    "logged_in_to_broker",
    "logged_in_to_database",
]

REQUIREMENTS: Mapping[str, str] = MappingProxyType(
    {
        "PANDA-RUNS": "Every part of the stack runs.",
        "PANDA-API": "The servers answer requests.",
        "PANDA-TOKENS": "Valid tokens are accepted, and no others.",
        "PANDA-MESSAGES": "Messages go through the broker, with the accounts of the services.",
        "PANDA-DATABASES": "The databases answer, with the passwords of the Secrets.",
        "PANDA-CREDENTIALS": "Certificates, proxies and tokens have not ended.",
        "PANDA-OUTSIDE": "Users reach the exposed hosts, by certificates that they can trust.",
        "PANDA-TESTS": "The tests of the charts themselves pass.",
        "PANDA-SIGHT": "Metrics are shown, where the stack has monitoring.",
        "PANDA-BACKUPS": "The newest backup of each database can be restored: `backup drill`.",
    }
)
USUAL = Usual(
    runs="PANDA-RUNS",
    credentials="PANDA-CREDENTIALS",
    outside="PANDA-OUTSIDE",
    own_tests="PANDA-TESTS",
    metrics="PANDA-SIGHT",
    backups="PANDA-BACKUPS",
)

PANDA_PYTHON = "/opt/panda/bin/python"
"""Python in the image of the PanDA server."""
IDDS_PYTHON = "/opt/idds/bin/python"
"""Python in the image of iDDS."""

_SCRIPTS = Path(__file__).parent / "scripts"


def logged_in_to_broker(
    part: str, interpreter: str, *, broker: str, login: str, password: str, destination: str = ""
) -> Command:
    """Log in to the broker; ``broker`` and ``password`` are variables of the pod, ``login`` is the account's name.

    With a destination, a message is sent there and received again.
    """
    question = {"broker": broker, "login": login, "password": password, "destination": destination}
    return python(part, interpreter, _SCRIPTS / "stomp.py", question)


def logged_in_to_database(part: str, interpreter: str, *, prefix: str, backend: str) -> Command:
    """Log in to a service's database, by the service's own variables, which begin with ``prefix``."""
    return python(part, interpreter, _SCRIPTS / "database.py", {"prefix": prefix, "backend": backend})


def asked_with_token(
    part: str,
    interpreter: str,
    address: str,
    headers: Mapping[str, str],
    *,
    token: str,
    status: Sequence[int],
) -> Command:
    """Ask a server with the token in a variable of the pod, or with a forged one without a variable.

    ``{NAME}`` in the address and the headers is the variable NAME of the pod, ``{token}`` the token.
    """
    question = {"address": address, "headers": dict(headers), "token": token, "status": list(status)}
    return python(part, interpreter, _SCRIPTS / "ask.py", question)
