"""ActiveMQ: each account of the stack may write and read its own channels, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from testbed.consumers.sandbox import Check, Sandbox, compared, output
from testbed.real.software import ACTIVEMQ, PANDA, Software

__all__ = ["IMAGES", "check", "start"]

IMAGES: tuple[Software, ...] = (ACTIVEMQ, PANDA)
_HOME = "/opt/activemq"
_CONF = f"{_HOME}/conf"
_MATRIX = Path(__file__).parent / "scripts" / "stomp_matrix.py"
# Account -> the container that uses it, and the variable with its password.
_ACCOUNTS = {
    "panda": ("panda/server", "PANDA_ACTIVEMQ_PASSWD_panda"),
    "jedi": ("panda/jedi", "PANDA_ACTIVEMQ_PASSWD_jedi"),
    "idds": ("idds/rest", "IDDS_CONDUCTOR_PASSWORD"),
}


def start(sandbox: Sandbox) -> None:
    """Start the broker as its chart does, and wait until it listens."""
    container = sandbox.container("msgsvc/activemq")
    root = sandbox.root(ACTIVEMQ, container)
    root.path("/appdata/activemq").mkdir(parents=True)
    root.must("python3", f"{_HOME}/sandbox/install_conf.py")
    properties = {
        "activemq.home": "/usr/share/activemq",
        "activemq.base": _HOME,
        "activemq.conf": _CONF,
        "activemq.data": "/appdata/activemq",
        "java.security.auth.login.config": f"{_CONF}/login.config",
    }
    options = [f"-D{name}={value}" for name, value in properties.items()]
    classes = "/usr/share/activemq/lib/*:/usr/share/activemq/lib/optional/*:/usr/share/java/*"
    broker = root.start(
        *("java", "-Xmx256M", *options, "-cp", classes),
        *("org.apache.activemq.console.Main", "start", f"xbean:file:{_CONF}/activemq.xml"),
    )
    broker.wait_for(sandbox.address(container), 61613)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check log-ins, then every account on every channel and on channels without an owner."""
    broker = sandbox.container("msgsvc/activemq").environment
    server = sandbox.container("panda/server").environment
    passwords = {
        account: sandbox.container(component).environment[variable]
        for account, (component, variable) in _ACCOUNTS.items()
        if sandbox.has(component)
    }
    # Pilots run outside of the cluster; the image makes their password by the rule for all accounts.
    for account in broker["ACTIVEMQ_ACCOUNTS"].split(";"):
        passwords.setdefault(account, f"{broker['ACTIVEMQ_BASE_PASSWD']}_{account}")
    idds = sandbox.container("idds/rest").environment
    question = {
        "broker": server["PANDA_ACTIVEMQ_LIST"],
        "passwords": passwords,
        "channels": broker["ACTIVEMQ_CHANNELS"],
        "others": ["other", "DLQ"],
        "topic": idds["IDDS_RECEIVER_DESTINATION"],
    }
    client = sandbox.root(PANDA, name="stomp-client")
    yield from compared(
        "activemq", output(client, _MATRIX, "/opt/panda/bin/python", stdin=json.dumps(question))
    )
