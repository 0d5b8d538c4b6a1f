"""The PanDA server under Apache: TLS, tokens, CRIC's files, a job."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from testbed.consumers import outside, tables
from testbed.consumers.issuer import Issuer
from testbed.consumers.pods import Container
from testbed.consumers.questions import Question, ask
from testbed.consumers.sandbox import Check, Root, Sandbox, compared, output
from testbed.consumers.upstream import NO_TABLES, SOURCES
from testbed.real.software import PANDA, Software

__all__ = ["IMAGES", "check", "start"]

IMAGES: tuple[Software, ...] = (PANDA,)
SERVER = "panda/server"
USER = "A User"
PYTHON = "/opt/panda/bin/python"
BUNDLE = "/opt/panda/lib/python3.11/site-packages/certifi/cacert.pem"
# Scripts run like the server: the package's own variables contain the path of its configuration.
AS_SERVER = ("bash", "-c", f'. /etc/sysconfig/panda_server; exec {PYTHON} "$0"')
_SCRIPTS = Path(__file__).parent / "scripts"
_AUTH = "/opt/panda/etc/panda/auth/"
_SUFFIX = "_auth_config.json"
_CRIC = "/var/cric/"
_CHAIN = "/opt/panda/etc/cert/chain.pem"
_REFUSED = (401, 403)
_Clients = Mapping[str, Mapping[str, str]]


def start(sandbox: Sandbox) -> None:
    """Start the server with its chart's command, and wait until its pod would be ready."""
    container = sandbox.container(SERVER)
    root = sandbox.root(PANDA, container)
    outside.trust(sandbox, root, BUNDLE)
    ready = root.path("/tmp/panda_server_start.log")  # noqa: S108 - the readiness probe's file
    root.start(*container.command).wait(ready.exists, "sign that it is ready")


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the requests of clients and pilots, and the server's own daemons."""
    container = sandbox.container(SERVER)
    client = sandbox.root(PANDA, container, name="panda-client")
    questions = [*_alive(container), *_served(container)]
    issuer = Issuer.of(sandbox)
    clients = issuer.own(_clients(container)) if issuer else {}
    if issuer and clients:
        questions += _tokens(container, issuer, clients)
    yield from ask("panda", client, PYTHON, questions)
    if not clients:
        yield Check("panda", "tokens, a job", passed=True, detail="the issuer is elsewhere", skipped=True)
    if not SOURCES:
        yield Check("panda", "CRIC's files, a job", passed=True, detail=NO_TABLES, skipped=True)
        return
    yield from compared("panda", output(sandbox.running(SERVER), _SCRIPTS / "cric.py", *AS_SERVER))
    yield from tables.check(sandbox)
    if issuer and clients:
        yield from _job(container, issuer, clients, client)


def _alive(container: Container) -> Iterator[Question]:
    """Ask at the addresses that other Services have in their variables."""
    chain = _CHAIN if _CHAIN in container.files else None
    for variable in ("PANDA_API_URL", "PANDA_API_URL_SSL"):
        url = f"{container.environment[variable]}/system/is_alive"
        headers = {"Accept": "application/json"}
        yield Question(f"alive by {variable}", url, headers=headers, holds=_succeeded, chain=chain)


def _succeeded(text: str) -> bool:
    return json.loads(text).get("success") is True


def _served(container: Container) -> Iterator[Question]:
    """Ask for the files of Secrets that clients and other Services read from the server."""
    base = container.environment["PANDA_URL_SSL"].removesuffix("/server/panda")
    for folder, path in ((_AUTH, "auth"), (_CRIC, "cric")):
        for name, file in container.files.items():
            if name.startswith(folder):
                url = f"{base}/{path}/{Path(name).name}"
                yield Question(f"serves {path}/{Path(name).name}", url, holds=file.content.decode().__eq__)


def _tokens(container: Container, issuer: Issuer, clients: _Clients) -> Iterator[Question]:
    """Questions with the tokens of every client of the stack, and with forged or wrong ones."""
    for name, client in clients.items():
        member = _member(name, client["client_id"])
        yield _asked(container, f"{name}: a member", issuer.token(**member), name, accepted=True)
        outsider = member | {"groups": ["another"]}
        yield _asked(container, f"{name}: somebody else", issuer.token(**outsider), name, accepted=False)
        for robot in filter(None, client["robot_ids"].split(",")):
            claims = {"sub": robot, "client_id": robot, "aud": client["client_id"]}
            yield _asked(container, f"{name}: the robot {robot}", issuer.token(**claims), name, accepted=True)
    name, client = next(iter(clients.items()))
    good = _member(name, client["client_id"])
    for what, token, vo in (
        ("another client", issuer.token(**good | {"aud": "another", "sub": "another"}), name),
        ("a forged token", issuer.forged(**good), name),
        ("a token that ended", issuer.token(**good, exp=int(time.time()) - 1), name),
        ("a token of another issuer", issuer.token(**good, iss="https://another.org/"), name),
        ("a VO of nobody", issuer.token(**good), "another"),
    ):
        yield _asked(container, what, token, vo, accepted=False)


def _clients(container: Container) -> dict[str, dict[str, str]]:
    """The stack's clients by VO and role, as the server reads them."""
    return {
        path.removeprefix(_AUTH).removesuffix(_SUFFIX): json.loads(file.content)
        for path, file in container.files.items()
        if path.startswith(_AUTH) and path.endswith(_SUFFIX)
    }


def _member(name: str, client: str) -> dict[str, object]:
    """The claims of a member of the VO and role of a client."""
    return {"sub": "a-user", "name": USER, "aud": client, "groups": [name.replace(".", "/")]}


def as_member(issuer: Issuer, name: str, client: str) -> dict[str, str]:
    """The variables of PanDA's client for a member of the VO and role of a client."""
    token = issuer.token(**_member(name, client))
    return {"PANDA_AUTH": "oidc", "PANDA_AUTH_VO": name, "PANDA_AUTH_ID_TOKEN": token}


def as_somebody_else(issuer: Issuer, name: str, client: str) -> dict[str, str]:
    """The same for a user of the client who is no member."""
    token = issuer.token(**_member(name, client) | {"groups": ["another"]})
    return as_member(issuer, name, client) | {"PANDA_AUTH_ID_TOKEN": token}


def _job(container: Container, issuer: Issuer, clients: _Clients, client: Root) -> Iterator[Check]:
    """Submit a job with PanDA's client, as a member of the first client's VO."""
    name, config = next(iter(clients.items()))
    queues = json.loads(container.files[f"{_CRIC}panda_queues.json"].content)
    user = as_member(issuer, name, config["client_id"])
    question = json.dumps({"queue": min(queues)})
    printed = output(client, _SCRIPTS / "job.py", PYTHON, stdin=question, environment=user)
    yield from compared("panda", printed)


def _asked(container: Container, what: str, token: str, vo: str, *, accepted: bool) -> Question:
    url = f"{container.environment['PANDA_API_URL_SSL']}/system/get_user_attributes"
    headers = {"Authorization": f"Bearer {token}", "Origin": vo, "Accept": "application/json"}
    return Question(what, url, (200,) if accepted else _REFUSED, headers)
