"""DIRAC as a consumer of a stack: the job with its tables, its master, all its programs, and who may call them."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from panda_infra.products.ctao.dirac_config import AUTHORITIES_FOLDER, MASTER, MASTER_PORT, PROGRAMS
from panda_infra.products.ctao.trust import CA
from testbed.consumers import mariadb, verified
from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Check, Program, Root, Sandbox, output
from testbed.errors import BedError
from testbed.real.software import DIRAC, MARIADB, Software
from testbed.waiting import eventually

__all__ = ["GROUP", "IMAGES", "PARTS", "check", "start"]

IMAGES: tuple[Software, ...] = (MARIADB, DIRAC)
GROUP = "dpps_user"
"""The group of the robot's user, which the stack must declare."""
_DATABASE, _JOB = "dirac-db/mariadb", "dirac-bootstrap/job"
PARTS = (_DATABASE, _JOB, f"dirac/{MASTER}", *(f"dirac/{name}" for name in PROGRAMS))
_ME = "dirac"
_SCRIPTS = Path(__file__).with_name("scripts")
_CALLS, _RULES = _SCRIPTS / "dirac_calls.py", _SCRIPTS / "dirac_rules.py"
_KEPT = "/persistent/etc/DPPS.cfg"
_ROBOT = ("/etc/grid-security/robot/tls.crt", "/etc/grid-security/robot/tls.key")
_HOST = ("/secrets/host/tls.crt", "/secrets/host/tls.key")
_JDL = 'Executable = "/bin/true"; JobName = "one";'
# These parts log something else in place of a success: two agents need a proxy, which they do not get here; the
# executor takes the submitted job.
_LAST = {
    "site-director": "No generic proxy in the Proxy Manager",
    "validate-output-data": "No shifter User defined for DataManager",
    "optimizers": "JobScheduling/JID_",
}
# The rules of this one are in DIRAC's code alone.
_IN_CODE = "WorkloadManagement/OptimizationMind"
_SUCCESS = "Cycle was successful"
# The user of the image, and its group, to which the kubelet gives the files of Secrets.
_USER, _OF_GROUP = 1000, 0o040
_NUMBERS = count(1)
_SECONDS = 600
_SHOWN = 800


def start(sandbox: Sandbox) -> None:
    """Start the databases."""
    mariadb.start(sandbox)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the job, the master, then all other programs with clients of each kind."""
    yield from _tables(sandbox)
    master = _start(sandbox, MASTER)
    yield from _rules(sandbox)
    services = {name: _start(sandbox, name, wait=False) for name, each in PROGRAMS.items() if each.port}
    services = {name: _lasting(sandbox, name, program) for name, program in services.items()}
    yield Check(_ME, "each service takes connections", passed=True)
    yield from _calls(sandbox)
    yield from _strangers(sandbox, services["job-manager"])
    yield from _changes(sandbox, master)
    yield from _agents(sandbox)


def _tables(sandbox: Sandbox) -> Iterator[Check]:
    for what, made in (("makes databases and tables", True), ("makes nothing twice", False)):
        container = sandbox.container(_JOB)
        root = sandbox.root(DIRAC, container, name=f"dirac-bootstrap-{next(_NUMBERS)}")
        done = root.run(*container.command, seconds=_SECONDS)
        passed = done.returncode == 0 and "databases are complete" in done.stdout
        detail = (done.stdout + done.stderr)[-_SHOWN:]
        yield Check(_ME, what, passed and ("table Jobs made" in done.stdout) == made, detail)


def _start(sandbox: Sandbox, name: str, *, wait: bool = True) -> Program:
    """Start a program as its pod does; a service is awaited."""
    container = sandbox.container(f"dirac/{name}")
    known = sandbox.roots.get(container.workload)
    root = known or sandbox.root(DIRAC, container)
    if known is None:
        _give(root, container)
    program = root.start(*container.command, user=f"{_USER}:{_USER}")
    port = MASTER_PORT if name == MASTER else PROGRAMS[name].port
    if port and wait:
        program.wait_for(_address(sandbox, name), port)
    return program


def _lasting(sandbox: Sandbox, name: str, program: Program) -> Program:
    """A service that takes connections; one that ended is started once more, as the kubelet does.

    Services make further tables themselves, and two that make the same tables at once disturb each other.
    """
    try:
        program.wait_for(_address(sandbox, name), PROGRAMS[name].port)
    except BedError:
        if program.process.poll() is None:
            raise
        return _start(sandbox, name)
    return program


def _give(root: Root, container: Container) -> None:
    """Give files that only their owner reads to the group of the pod, as the kubelet does."""
    for path, file in container.files.items():
        if not file.mode & _OF_GROUP:
            os.chown(root.path(path), 0, _USER)
            root.path(path).chmod(file.mode | _OF_GROUP)


def _address(sandbox: Sandbox, name: str) -> str:
    return sandbox.address(sandbox.container(f"dirac/{name}"))


def _kept(sandbox: Sandbox) -> str:
    """The configuration file in the master's volume."""
    return sandbox.running(f"dirac/{MASTER}").path(_KEPT).read_text()


def _rules(sandbox: Sandbox) -> Iterator[Check]:
    """Check that every service has rules of access: DIRAC lets everybody call a service without any."""
    services = [each.module for each in PROGRAMS.values() if each.port and each.module != _IN_CODE]
    root = sandbox.running(f"dirac/{MASTER}")
    without = output(root, _RULES, "python3", stdin=json.dumps({"file": _KEPT, "services": services}))
    yield Check(_ME, "each service has rules who may call it", not without, without)


@dataclass(frozen=True)
class _Client:
    """A pod from which services are called."""

    root: Root
    master: str

    def call(self, *calls: Sequence[Any], **who: Any) -> list[tuple[bool, Any]]:
        """For each call: true if it succeeded, and its answer or the reason."""
        configuration = {
            "DIRAC": {
                "Configuration": {"Servers": self.master},
                "Security": {"CALocation": AUTHORITIES_FOLDER},
            }
        }
        question = json.dumps({"configuration": configuration, "calls": calls, **who})
        lines = output(self.root, _CALLS, "python3", stdin=question).splitlines()
        return [tuple(json.loads(line)) for line in lines if line.startswith("[")]


def _client(sandbox: Sandbox, containers: Sequence[Container], name: str) -> _Client:
    """A client with the robot of these containers, the hosts' certificate, and the stack's authorities."""
    robot = next((each for each in containers if _ROBOT[0] in each.files), None)
    if robot is None:
        raise BedError("no daemon of Rucio has a robot's certificate")
    host = sandbox.container(f"dirac/{MASTER}")
    root = sandbox.root(DIRAC, name=name)
    for path in _ROBOT:
        root.write(path, robot.files[path].content, robot.files[path].mode)
    for path, file in host.files.items():
        if path in _HOST or path.startswith(AUTHORITIES_FOLDER):
            root.write(path, file.content, file.mode)
    return _Client(root, f"dips://{host.workload}:{MASTER_PORT}/Configuration/Server")


def _calls(sandbox: Sandbox) -> Iterator[Check]:
    """Check the calls that a user and a host may make."""
    client = _client(sandbox, sandbox.containers, "client")
    user = {"user": _ROBOT, "group": GROUP}
    pings = [(program.module, "ping") for program in PROGRAMS.values() if program.port]
    answers = client.call(*pings, **user)
    silent = [f"{ping[0]}: {each[1]}" for ping, each in zip(pings, answers, strict=True) if not each[0]]
    yield Check(_ME, "each service answers a user's ping", not silent, str(silent))
    (submitted, changed, made) = client.call(
        ("WorkloadManagement/JobManager", "submitJob", _JDL),
        (client.master, "commitNewData", "nothing"),
        ("DataManagement/FileCatalog", "createDirectory", {"/ctao": {}}),
        **user,
    )
    yield Check(_ME, "a user submits a job", submitted[0], str(submitted))
    refused = not changed[0] and "Unauthorized query" in str(changed[1])
    yield Check(_ME, "a user does not change the configuration", refused, str(changed))
    yield Check(_ME, "the catalog answers a user", made[0], str(made))
    states, submits = client.call(
        ("WorkloadManagement/JobMonitoring", "getJobsStatus", [submitted[1]]),
        ("WorkloadManagement/JobManager", "submitJob", _JDL),
        host=_HOST,
    )
    yield Check(_ME, "a host knows the user's job", states[0] and str(submitted[1]) in states[1], str(states))
    yield Check(_ME, "a host submits no job", not submits[0] and "not authorized" in submits[1], str(submits))


def _strangers(sandbox: Sandbox, service: Program) -> Iterator[Check]:
    """Check that clients without a certificate of a known authority are refused."""
    program = PROGRAMS["job-manager"]
    workload = sandbox.container("dirac/job-manager").workload
    url = f"dips://{workload}:{program.port}/{program.module}"
    stranger = _client(sandbox, sandbox.variants["unknown"], "stranger")
    ((answered, reason),) = stranger.call((url, "ping"), user=_ROBOT, group=GROUP)
    yield Check(_ME, "another authority's robot is refused", not answered, str(reason))
    trusted = sandbox.container(f"dirac/{MASTER}").files[f"{AUTHORITIES_FOLDER}/{CA}"].content.decode()
    context = ssl.create_default_context(cadata=trusted)
    context.check_hostname = False
    try:
        with (
            socket.create_connection((_address(sandbox, "job-manager"), program.port), timeout=30) as raw,
            context.wrap_socket(raw) as secure,
        ):
            secure.sendall(b"x")
            detail = f"{secure.version()}: {secure.recv(1)!r}"
        refused = False
    except (ssl.SSLError, ConnectionError) as error:
        refused, detail = True, str(error)
    yield Check(_ME, "nobody is let in without a certificate", refused, detail)
    yield Check(_ME, "the service is still there", service.process.poll() is None)


def _changes(sandbox: Sandbox, master: Program) -> Iterator[Check]:
    """Check that a new pod of the master keeps an operator's changes."""
    root = sandbox.running(f"dirac/{MASTER}")
    words = ("-N", "ada", "-D", "/C=DE/CN=ada", "-M", "ada@site.org", "-G", GROUP)
    user = f"{_USER}:{_USER}"
    done = root.run("dirac-admin-add-user", *words, "--cfg", "/etc/dirac/local.cfg", user=user)
    added = done.returncode == 0 and "/C=DE/CN=ada" in _kept(sandbox)
    yield Check(_ME, "an operator adds a user", added, (done.stdout + done.stderr)[-_SHOWN:])
    master.process.terminate()
    master.process.wait(timeout=60)
    gone = {"dirac.configuration": "Connection refused"}
    yield from verified.refuted(sandbox, _ME, "the master has ended", gone)
    _start(sandbox, MASTER)
    yield from verified.answered(sandbox, _ME, "dirac-db", "dirac")
    yield Check(_ME, "the user is still there after a restart", "/C=DE/CN=ada" in _kept(sandbox))


def _agents(sandbox: Sandbox) -> Iterator[Check]:
    """Check that each agent runs a cycle, and that the executor takes the submitted job."""
    others = {name: _start(sandbox, name) for name, program in PROGRAMS.items() if not program.port}
    for name, program in others.items():
        wanted = _LAST.get(name, _SUCCESS)
        there = eventually(partial(_said, program, wanted), _SECONDS)
        yield Check(_ME, f"{name} works", there, _log(program)[-_SHOWN:])


def _said(program: Program, text: str) -> bool:
    return text in _log(program)


def _log(program: Program) -> str:
    return program.log.read_text(errors="replace")
