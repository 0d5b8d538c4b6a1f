"""The registry of a stack: Distribution with the stack's user and certificate, and a client that pushes and pulls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from testbed.consumers import verified
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.real.software import XROOTD, Software
from tools import toolchain

__all__ = ["IMAGES", "PARTS", "PASSWORD", "check", "start"]

# The client needs a shell, curl and OpenSSL, which this image has; the registry is a single program.
IMAGES: tuple[Software, ...] = (XROOTD,)
_SERVER, _AUTHORITIES = "distribution/server", "xrootd/first"
PARTS = (_SERVER, _AUTHORITIES)
PASSWORD = "the-password-of-the-user"  # noqa: S105 - of this sandbox alone
"""The stack's password of the user: its Secret contains only the hash, so the stack must be made with this one."""
_ME = "registry"
_PORT = 5000
_CONFIGURATION = "/etc/distribution/config.yml"
# As in the registry's image.
_DEFAULTS = {
    "version": 0.1,
    "log": {"fields": {"service": "registry"}},
    "storage": {
        "cache": {"blobdescriptor": "inmemory"},
        "filesystem": {"rootdirectory": "/var/lib/registry"},
    },
    "http": {"addr": ":5000", "headers": {"X-Content-Type-Options": ["nosniff"]}},
}
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_TRUST, _LOGIN, _UPLOAD = "/root/ca.pem", "/root/.netrc", "/root/upload"
_GOOD, _TAKEN, _CREATED, _REFUSED = "200", "202", "201", "401"


def start(sandbox: Sandbox) -> None:
    """Start the registry with the variables and Secrets of its pod."""
    container = sandbox.container(_SERVER)
    root = sandbox.root(XROOTD, container)
    program = toolchain.ensure(["registry"]).path("registry")
    root.write("/usr/local/bin/registry", program.read_bytes(), 0o755)
    root.write(_CONFIGURATION, json.dumps(_DEFAULTS))
    started = root.start(*(container.command or ("registry", "serve", _CONFIGURATION)))
    started.wait_for(sandbox.address(container), _PORT)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check log-ins, then push and pull."""
    root = sandbox.root(XROOTD, name="registry-client")
    root.write(_TRUST, sandbox.container(_AUTHORITIES).files["/secrets/authorities/ca.pem"].content)
    host = sandbox.container(_SERVER).workload
    url = f"https://{host}:{_PORT}/v2/"
    for what, password, wanted in (
        ("refuses nobody's log-in", "", _REFUSED),
        ("refuses another password", "another", _REFUSED),
        ("takes the user's password", PASSWORD, _GOOD),
    ):
        line = f"machine {host} login registry password {password}\n" if password else ""
        root.write(_LOGIN, line, 0o600)
        code, body = _ask(root, url)
        yield Check(_ME, what, code == wanted, f"{code} {body}")
    yield from _pushes(root, f"{url}charts/example/")
    root.write(_LOGIN, "", 0o600)
    code, body = _ask(root, f"{url}charts/example/manifests/1.0")
    yield Check(_ME, "nobody pulls", code == _REFUSED, f"{code} {body}")
    yield from verified.answered(sandbox, _ME, "distribution")


def _pushes(root: Root, url: str) -> Iterator[Check]:
    blob = b"{}"
    described = {"digest": _digest(blob), "size": len(blob)}
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **described}],
        }
    ).encode()
    code, head = _ask(root, f"{url}blobs/uploads/", "--request", "POST", "--dump-header", "-")
    yield Check(_ME, "begins an upload", code == _TAKEN, f"{code} {head}")
    place = next((line.split()[1] for line in head.splitlines() if line.lower().startswith("location:")), "")
    code, body = _put(root, f"{place}&digest={described['digest']}", blob, "application/octet-stream")
    yield Check(_ME, "takes a blob", code == _CREATED, f"{code} {body}")
    code, body = _put(root, f"{url}manifests/1.0", manifest, _MANIFEST)
    yield Check(_ME, "takes a manifest", code == _CREATED, f"{code} {body}")
    code, body = _ask(root, f"{url}manifests/1.0", "--header", f"Accept: {_MANIFEST}")
    yield Check(_ME, "gives the same manifest", body.encode() == manifest, f"{code} {body}")
    code, body = _ask(root, f"{url}blobs/{described['digest']}")
    yield Check(_ME, "gives the same blob", body.encode() == blob, f"{code} {body}")


def _put(root: Root, url: str, content: bytes, kind: str) -> tuple[str, str]:
    root.write(_UPLOAD, content)
    return _ask(root, url, "--upload-file", _UPLOAD, "--header", f"Content-Type: {kind}")


def _ask(root: Root, url: str, *options: str) -> tuple[str, str]:
    """The code of an answer and what was printed of it."""
    shown = ("--silent", "--max-time", "60", "--netrc", "--cacert", _TRUST, "--write-out", "\n%{http_code}")
    body, _, code = root.run("curl", *shown, *options, url).stdout.rpartition("\n")
    return code, body


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
