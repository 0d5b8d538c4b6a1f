"""The checks of a deployed component, as data: `verify` asks them of the running stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "NOTHING_TO_ASK",
    "USUAL_REQUIREMENTS",
    "Ask",
    "Check",
    "Command",
    "Credentials",
    "FoundLogs",
    "Outside",
    "OwnTest",
    "Question",
    "Request",
    "Runs",
    "ShownMetrics",
    "Usual",
    "mariadb",
    "postgres",
    "python",
]

NOTHING_TO_ASK = 77
"""The exit code of a command that has nothing to ask in this stack; the last line of its output is the reason."""


# Not as an argument: proxies in front of API servers refuse long addresses, and arguments are seen by others.
_RUN = (
    "import json, sys; question = json.loads(sys.stdin.readline()); found = {}; "
    "exec(question.pop('script'), found); sys.exit(found['main'](question))"
)


@dataclass(frozen=True)
class Runs:
    """Every pod that a part (COMPONENT/SUB-COMPONENT) wants is ready; the last run of a job has succeeded."""

    part: str


@dataclass(frozen=True)
class Credentials:
    """No certificate, proxy or token in the Secrets that a component reads has ended."""

    component: str


@dataclass(frozen=True)
class Outside:
    """A host answers this machine by HTTPS, with the certificate in the Secret ``tls`` or a public one.

    ``host`` is the name in DNS, ``tls`` the suffix of the Secret.
    """

    component: str
    host: str
    tls: str


@dataclass(frozen=True)
class OwnTest:
    """A test of the chart itself, as `helm test` runs it, with the ``others`` that it may need."""

    component: str
    release: str
    name: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """A GET to the Service of a part, which the API server passes on; it accepts any certificate.

    ``status`` are the good codes, ``holds`` is a regular expression for something in the answer.
    """

    part: str
    port: int
    path: str
    status: tuple[int, ...] = (200,)
    holds: str = ""
    secure: bool = True


@dataclass(frozen=True)
class Command:
    """A command in a pod of a part, with the environment of its container.

    A good answer is exit code 0 and a last line of output in which ``holds``, a regular expression, is found. The line
    is shown, so it must have no secret. With a ``script``, the pod's Python runs the function ``main`` of that text
    with a question: what follows from the configuration (``given``), and texts of keys of the stack's Secrets
    (``secrets``: suffix, key). Script and question are sent by standard input.
    """

    part: str
    words: tuple[str, ...]
    script: str = ""
    given: Callable[[Settings], Mapping[str, Any]] = lambda _config: {}
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    holds: str = ""


@dataclass(frozen=True)
class ShownMetrics:
    """A Service of monitoring shows metrics at a path; an exporter behind it must reach its target."""

    component: str
    service: str
    port: int
    path: str


@dataclass(frozen=True)
class FoundLogs:
    """A check that lines of the stack are found where its logs are searched."""


Ask = Runs | Credentials | Outside | OwnTest | Request | Command | ShownMetrics | FoundLogs


@dataclass(frozen=True)
class Question:
    """A question of a report, with one result.

    ``name`` is COMPONENT.SOMETHING, or ``logs.found`` for all components, and ``requirement`` an id of the product's
    requirements.
    """

    name: str
    title: str
    requirement: str

    @property
    def component(self) -> str:
        """The component that it is about."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Check(Question):
    """One question to a running stack.

    ``seconds`` is its time limit. ``behind`` are further parts whose pods must really run for an answer; parts that the
    stack does not deploy are elsewhere and count as running. ``unless`` gives the reason why a stack has nothing to
    ask, else an empty text.
    One that is ``alone`` changes something and runs after all others.
    """

    ask: Ask
    seconds: int = 60
    behind: tuple[str, ...] = ()
    unless: Callable[[Settings], str] = lambda _config: ""
    alone: bool = False


USUAL_REQUIREMENTS: Mapping[str, str] = MappingProxyType(
    {
        "RUNS": "Every part of the stack runs.",
        "CREDENTIALS": "Certificates, proxies and tokens have not ended.",
        "OUTSIDE": "Users reach the exposed hosts, by certificates that they can trust.",
        "TESTS": "The tests of the charts themselves pass.",
        "METRICS": "Metrics are shown, where the stack has monitoring.",
        "BACKUPS": "The newest backup of each database can be restored: `backup drill`.",
    }
)
"""The requirements of a product that names none of its own."""


@dataclass(frozen=True)
class Usual:
    """The requirements behind the checks that every stack has; ``metrics`` is that of logs, too.

    ``backups`` is that of `backup drill`.
    """

    runs: str = "RUNS"
    credentials: str = "CREDENTIALS"
    outside: str = "OUTSIDE"
    own_tests: str = "TESTS"
    metrics: str = "METRICS"
    backups: str = "BACKUPS"


def python(
    part: str,
    interpreter: str,
    script: Path,
    given: Mapping[str, Any] | Callable[[Settings], Mapping[str, Any]],
    secrets: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    *,
    holds: str = "",
) -> Command:
    """A script of this program, run by the Python of a pod's image.

    Args:
        part: whose pod runs it.
        interpreter: the path of Python in the image.
        script: a file with a function ``main``, which takes the question and returns an exit code.
        given: the question, or what makes it of the configuration.
        secrets: more of the question, from keys of the stack's Secrets.
        holds: what the last line of its output must hold, as a regular expression.
    """
    asked = given if callable(given) else lambda _config: given
    text = script.read_text(encoding="utf-8")
    return Command(part, (interpreter, "-c", _RUN), text, asked, secrets, holds)


def postgres(part: str, query: str, prefix: str, database: str, *, holds: str = "") -> Command:
    """A query in the pod of a PostgreSQL, over the network as its clients log in.

    Args:
        part: the database.
        query: a SELECT with one value; no value of a stack may be part of it.
        prefix: of the variables with user and password, such as ``POSTGRES``.
        database: the variable with the database's name.
        holds: what the value must hold, as a regular expression.
    """
    login = f'-h "$HOSTNAME" -U "${prefix}_USER" -d "${database}"'
    # The last line of an error is shown, which otherwise only points to a place in the query.
    line = f'PGPASSWORD="${prefix}_PASSWORD" exec psql -w {login} -v VERBOSITY=terse -Atc "$0"'
    return Command(part, ("sh", "-c", line, query), holds=holds)


def mariadb(part: str) -> Command:
    """A query in the pod of a MariaDB, likewise; its variables have the names of the official image."""
    login = '-h "$HOSTNAME" -u "$MARIADB_USER"'
    line = f'MYSQL_PWD="$MARIADB_PASSWORD" exec mariadb {login} -Ne "$0"'
    return Command(part, ("sh", "-c", line, "SELECT VERSION()"))
