"""XRootD as the storage of a stack: two servers with the stack's certificates, and clients with and without one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from testbed.consumers import networks, verified
from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import XROOTD, Software

__all__ = ["IMAGES", "PARTS", "check", "start"]

IMAGES: tuple[Software, ...] = (XROOTD,)
_FIRST, _SECOND = "xrootd/first", "xrootd/second"
PARTS = (_FIRST, _SECOND)
_ME = "storage"
_PORT = 1094
_ROBOT, _TRUST = "/etc/grid-security/robot", "/etc/grid-security/certificates"
_CERTIFICATE, _KEY, _PROXY = f"{_ROBOT}/tls.crt", f"{_ROBOT}/tls.key", "/root/proxy"
_FILE = "/root/file"
_CONTENT = "what a telescope has seen\n" * 40_000
_GOOD, _CREATED, _REFUSED = "200", "201", "403"
_DOWNLOAD = {"caveats": ["activity:DOWNLOAD"], "validity": "PT30M"}


def start(sandbox: Sandbox) -> None:
    """Start both servers, each in a network of its own."""
    servers = {part.rpartition("/")[2]: sandbox.container(part) for part in PARTS}
    networks.connect(sandbox, servers)
    for name, container in servers.items():
        root = networks.entered(sandbox.root(XROOTD, container), name)
        # Whoever runs a command in the pod is in its network, too.
        sandbox.roots[container.workload] = root
        root.start(*container.command).wait_for(sandbox.address(container), _PORT)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check what a robot of the stack's authority may do, and that other clients are refused."""
    first, second = (sandbox.container(part).workload for part in PARTS)
    robot = _Client(_robot(sandbox, sandbox.containers, "robot"))
    stranger = _Client(_robot(sandbox, sandbox.variants["unknown"], "stranger"))
    nobody = _Client(sandbox.root(XROOTD, name="nobody"), certified=False)
    for other in (stranger, nobody):
        other.root.write(f"{_TRUST}/ca.pem", robot.root.path(f"{_TRUST}/ca.pem").read_bytes())
        other.root.must("openssl", "rehash", _TRUST)
    yield from _by_http(robot, first)
    yield from _by_xrootd(robot, first)
    for who, other in (("another authority's robot", stranger), ("nobody", nobody)):
        yield from _refused(robot, other, who, first)
    yield from _copies(robot, first, second)
    yield from verified.answered(sandbox, _ME, "xrootd")


@dataclass(frozen=True)
class _Client:
    """A pod with the clients of storages, with or without a certificate."""

    root: Root
    certified: bool = True

    def http(self, url: str, *options: str) -> tuple[str, str]:
        """The code of an answer and its body; by HTTPS with the certificate, if there is one."""
        own = ("--cert", _CERTIFICATE, "--key", _KEY) if self.certified else ()
        shown = ("--silent", "--max-time", "60", "--capath", _TRUST, "--write-out", "\n%{http_code}")
        done = self.root.run("curl", *shown, *own, *options, url)
        body, _, code = done.stdout.rpartition("\n")
        return code, body

    def xrootd(self, *command: str) -> tuple[bool, str]:
        """True if a command by XRootD's protocol succeeded, and its output."""
        done = self.root.run(*command, environment={"X509_USER_PROXY": _PROXY, "X509_CERT_DIR": _TRUST})
        return done.returncode == 0, done.stdout + done.stderr

    def delegates(self) -> None:
        """Make a proxy."""
        where = ("-cert", _CERTIFICATE, "-key", _KEY, "-certdir", _TRUST, "-out", _PROXY)
        self.root.must("xrdgsiproxy", "init", *where)


def _robot(sandbox: Sandbox, containers: Sequence[Container], name: str) -> Root:
    """A client with the certificate of Rucio's daemons, and the authorities that these trust."""
    daemon = next((each for each in containers if _CERTIFICATE in each.files), None)
    if daemon is None:
        raise BedError("no daemon of Rucio has a robot's certificate")
    root = sandbox.root(XROOTD, name=name)
    for path, file in daemon.files.items():
        root.write(path, file.content, file.mode)
    root.write(_FILE, _CONTENT)
    return root


def _by_http(robot: _Client, server: str) -> Iterator[Check]:
    url = f"https://{server}:{_PORT}/ctao/one"
    code, body = robot.http(url, "--upload-file", _FILE)
    yield Check(_ME, "davs: a robot uploads", code in (_GOOD, _CREATED), f"{code} {body}")
    code, body = robot.http(url)
    yield Check(_ME, "davs: what it downloads is equal", body == _CONTENT, f"{code}: {len(body)} characters")
    _, head = robot.http(url, "--head", "--header", "Want-Digest: adler32")
    yield Check(_ME, "davs: its size", f"Content-Length: {len(_CONTENT)}" in head, head)
    yield Check(_ME, "davs: its checksum", f"adler32={_checksum()}" in head, head)


def _by_xrootd(robot: _Client, server: str) -> Iterator[Check]:
    robot.delegates()
    host, path = f"{server}:{_PORT}", "/ctao/two"
    done, text = robot.xrootd("xrdcp", "--silent", _FILE, f"root://{host}/{path}")
    yield Check(_ME, "root: a robot uploads", done, text)
    _, text = robot.xrootd("xrdfs", host, "stat", path)
    yield Check(_ME, "root: its size", f"{len(_CONTENT)}" in text, text)
    _, text = robot.xrootd("xrdfs", host, "query", "checksum", path)
    yield Check(_ME, "root: its checksum", text.split() == ["adler32", _checksum()], text)
    done, text = robot.xrootd("xrdcp", "--silent", f"root://{host}/{path}", "-")
    yield Check(_ME, "root: what it downloads is equal", done and text == _CONTENT, f"{len(text)} characters")


def _refused(robot: _Client, other: _Client, who: str, server: str) -> Iterator[Check]:
    """Check that a client without a certificate of a known authority can neither read nor write."""
    url, host = f"https://{server}:{_PORT}/ctao", f"{server}:{_PORT}"
    other.root.write(_FILE, _CONTENT)
    code, body = other.http(f"{url}/one")
    # The server closes the connection of a client with an unknown certificate.
    expected = ("000", _REFUSED) if other.certified else (_REFUSED,)
    yield Check(
        _ME, f"davs: {who} does not read", code in expected and _CONTENT not in body, f"{code} {body[:200]}"
    )
    code, body = other.http(f"{url}/strange", "--upload-file", _FILE)
    yield Check(_ME, f"davs: {who} does not write", code in expected, f"{code} {body}")
    if other.certified:
        other.delegates()
    done, text = other.xrootd("xrdcp", "--silent", f"root://{host}//ctao/two", "-")
    yield Check(_ME, f"root: {who} does not read", not done and "Auth failed" in text, text[-300:])
    done, text = other.xrootd("xrdcp", "--silent", _FILE, f"root://{host}//ctao/strange")
    yield Check(_ME, f"root: {who} does not write", not done and "Auth failed" in text, text[-300:])
    _, text = robot.xrootd("xrdfs", host, "ls", "/ctao")
    yield Check(_ME, f"{who} has left no file", text.split() == ["/ctao/one", "/ctao/two"], text)


def _copies(robot: _Client, first: str, second: str) -> Iterator[Check]:
    """Check copies that the second server makes: by HTTP with a macaroon, by XRootD with a delegated proxy."""
    source, target = (f"https://{server}:{_PORT}/ctao/one" for server in (first, second))
    copy = ("--request", "COPY", "--header", f"Source: {source}", "--header", "Credential: none")
    code, body = robot.http(f"{target}-without", *copy)
    yield Check(_ME, "davs: no copy without a macaroon", "success" not in body, f"{code} {body}")
    kind = ("--request", "POST", "--header", "Content-Type: application/macaroon-request")
    code, body = robot.http(source, *kind, "--data", json.dumps(_DOWNLOAD))
    yield Check(_ME, "davs: a robot gets a macaroon", code == _GOOD, f"{code} {body}")
    if code != _GOOD:
        return
    header = f"TransferHeaderAuthorization: Bearer {json.loads(body)['macaroon']}"
    code, body = robot.http(target, *copy, "--header", header)
    yield Check(
        _ME, "davs: the other server copies", code == _CREATED and "success" in body, f"{code} {body}"
    )
    code, body = robot.http(target)
    yield Check(_ME, "davs: the copy is equal", body == _CONTENT, f"{code}: {len(body)} characters")
    where = (f"root://{first}:{_PORT}//ctao/two", f"root://{second}:{_PORT}//ctao/two")
    done, text = robot.xrootd("xrdcp", "--silent", "--tpc", "delegate", "only", *where)
    yield Check(_ME, "root: the other server copies", done, text)
    _, text = robot.xrootd("xrdfs", f"{second}:{_PORT}", "query", "checksum", "/ctao/two")
    yield Check(_ME, "root: the copy is equal", text.split() == ["adler32", _checksum()], text)


def _checksum() -> str:
    return f"{zlib.adler32(_CONTENT.encode()):08x}"
