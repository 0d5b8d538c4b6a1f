"""iDDS: its tables, REST with certificates and tokens, requests by way of the PanDA server, messages with JEDI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from testbed.consumers import outside, verified
from testbed.consumers.issuer import Issuer
from testbed.consumers.jedi import AS_JEDI, JEDI
from testbed.consumers.panda import PYTHON, SERVER, USER, as_member, as_somebody_else
from testbed.consumers.pods import Container
from testbed.consumers.questions import Question, ask
from testbed.consumers.sandbox import Check, Root, Sandbox, compared, output
from testbed.real.software import IDDS, PANDA, Software
from testbed.waiting import eventually

__all__ = ["IMAGES", "check", "start"]

IMAGES: tuple[Software, ...] = (IDDS, PANDA)
_REST = "idds/rest"
_PYTHON = "/opt/idds/bin/python"
_BUNDLE = "/opt/idds/lib/python3.11/site-packages/certifi/cacert.pem"
_HTTPD = "/opt/idds/config_default/httpd-idds-443-py311-al9.conf"
_CHAIN = "/opt/idds/certs/chain.pem"
_AUTH = "/opt/idds/configmap/auth.cfg.json"
_LOGS = "/var/log/idds"
_AS_IDDS = {
    "ALEMBIC_CONFIG": "/opt/idds/config/idds/alembic.ini",
    "IDDS_CONFIG": "/opt/idds/etc/idds/idds.cfg",
}
_ELSEWHERE = "the issuer is elsewhere"
_SCRIPTS = Path(__file__).parent / "scripts"


def start(sandbox: Sandbox) -> None:
    """Start REST and agents with the chart's command, and wait until its pod would be ready."""
    container = sandbox.container(_REST)
    root = sandbox.root(IDDS, container)
    outside.trust(sandbox, root, _BUNDLE)
    address = sandbox.address(container)
    # The sandbox has one network for all pods: each program listens only at its own address.
    text = root.path(_HTTPD).read_text()
    root.write(_HTTPD, re.sub(r"(?m)^Listen (\d+)$", rf"Listen {address}:\1", text))
    program = root.start(*container.command)
    program.wait_for(address, 8443)
    program.wait(lambda: "connecting to default" in _log(root), "receiver of messages")


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the requests of its clients and of JEDI."""
    container, root = sandbox.container(_REST), sandbox.running(_REST)
    done = root.run("/opt/idds/bin/alembic", "current", "--check-heads", environment=_AS_IDDS)
    yield Check("idds", "tables are at the newest version", done.returncode == 0, done.stderr.strip())
    issuer = Issuer.of(sandbox)
    clients = issuer.own(_clients(container)) if issuer else {}
    if issuer and clients:
        yield from ask("idds", root, _PYTHON, [*_tokens(container, issuer, clients)])
    else:
        yield Check("idds", "tokens", passed=True, detail=_ELSEWHERE, skipped=True)
    vo = sandbox.container(SERVER).environment["PANDA_IDDS_AUTH_VO"]
    yield Check("idds", "knows the services' VO", vo in _clients(container), f"{vo} is in no section")
    if issuer and vo in clients:
        yield from ask("idds", root, _PYTHON, [_at_the_server(container)])
        yield from _request(sandbox, issuer, vo, clients[vo]["client_id"])
        # `verify` asks the other checks where pods run on real nodes, which have no issuer.
        yield from verified.answered(sandbox, "idds", "panda.token", "idds.token")
    else:
        yield Check("idds", "the services' tokens, a request", passed=True, detail=_ELSEWHERE, skipped=True)
    yield from _messages(root, sandbox.running(JEDI))


def _request(sandbox: Sandbox, issuer: Issuer, vo: str, client_id: str) -> Iterator[Check]:
    """Submit a request with PanDA's client: the PanDA server relays it with its own token."""
    client = sandbox.root(PANDA, sandbox.container(SERVER), name="idds-client")
    for environment, question in (
        (as_member(issuer, vo, client_id), {"accepted": True, "user": USER}),
        (as_somebody_else(issuer, vo, client_id), {"accepted": False}),
    ):
        script = _SCRIPTS / "idds_request.py"
        printed = output(client, script, PYTHON, stdin=json.dumps(question), environment=environment)
        yield from compared("idds", printed)


def _at_the_server(container: Container) -> Question:
    """Ask the PanDA server with the token that iDDS sends to it."""
    own = container.environment
    headers = {"Authorization": f"Bearer {own['PANDA_AUTH_ID_TOKEN']}", "Origin": own["PANDA_AUTH_VO"]}
    url = f"{own['PANDA_API_URL_SSL']}/system/get_user_attributes"
    return Question("the PanDA server accepts its token", url, headers=headers)


def _messages(root: Root, jedi: Root) -> Iterator[Check]:
    """Send one message each way."""
    output(root, _SCRIPTS / "idds_sends.py", _PYTHON, stdin="from iDDS", environment=_AS_IDDS)
    question = json.dumps({"sent": "from JEDI", "received": "from iDDS"})
    yield from compared("idds", output(jedi, _SCRIPTS / "jedi_talks.py", *AS_JEDI, stdin=question))
    arrived = eventually(lambda: "from JEDI" in _log(root))
    yield Check("idds", "JEDI's message arrives at iDDS", arrived, "its log does not have it")


def _log(root: Root) -> str:
    """The agents' logs."""
    logs = root.path(_LOGS).glob("*.log")
    return "".join(log.read_text(errors="replace") for log in logs)


def _url(container: Container) -> str:
    return f"{container.environment['IDDS_SERVER']}/idds"


def _clients(container: Container) -> dict[str, dict[str, str]]:
    """The stack's clients by VO and role, as iDDS reads them."""
    (sections,) = json.loads(container.files[_AUTH].content).values()
    return {name: section for name, section in sections.items() if "client_id" in section}


def _tokens(
    container: Container, issuer: Issuer, clients: Mapping[str, Mapping[str, str]]
) -> Iterator[Question]:
    """Questions with the tokens of every client of the stack, and with forged or wrong ones."""
    for name, client in clients.items():
        for what in ("client_id", "audience"):
            token = issuer.token(sub="a-user", name="A User", aud=client[what])
            yield _asked(container, f"{name}: a token for the {what}", token, name, accepted=True)
    name, client = next(iter(clients.items()))
    good = {"sub": "a-user", "name": "A User", "aud": client["client_id"]}
    for what, token, vo in (
        ("another client", issuer.token(**good | {"aud": "another"}), name),
        ("a forged token", issuer.forged(**good), name),
        ("a token that ended", issuer.token(**good | {"exp": 1}), name),
        ("a token of another issuer", issuer.token(**good | {"iss": "https://another.org/"}), name),
        ("a VO of nobody", issuer.token(**good), "another"),
    ):
        yield _asked(container, what, token, vo, accepted=False)


def _asked(container: Container, what: str, token: str, vo: str, *, accepted: bool) -> Question:
    headers = {"X-IDDS-Auth-Type": "oidc", "X-IDDS-Auth-VO": vo, "X-IDDS-Auth-Token": token}
    chain = _CHAIN if _CHAIN in container.files else None
    return Question(what, f"{_url(container)}/ping", (200,) if accepted else (401,), headers, chain=chain)
