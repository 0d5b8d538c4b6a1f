"""A real S3 server with two buckets, of which one is soon full."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from testbed.consumers.outside import named
from testbed.consumers.sandbox import Program, Sandbox
from tools import toolchain

__all__ = ["ADDRESS", "BUCKET", "SMALL", "start"]

BUCKET, SMALL = "backups", "small"
_HOST, _PORT = "s3.site.org", 7070
ADDRESS = f"http://{_HOST}:{_PORT}"
"""The address at which the stack looks for it."""
_SPACE = "64k"


def start(sandbox: Sandbox, access_key: str, secret_key: str) -> Path:
    """Start it with one account, and return the folder of its buckets."""
    folder = sandbox.folder / "s3"
    for name in ("buckets", f"buckets/{BUCKET}", f"buckets/{SMALL}", "metadata"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    buckets = folder / "buckets"
    options = ("-t", "tmpfs", "-o", f"size={_SPACE}", "tmpfs", str(buckets / SMALL))
    subprocess.run(("mount", *options), check=True)
    address = named(sandbox, _HOST, "127.78.0.9")
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            (
                toolchain.ensure(["versitygw"]).path("versitygw"),
                *("--port", f"{address}:{_PORT}", "--quiet"),
                *("posix", "--sidecar", str(folder / "metadata"), str(buckets)),
            ),
            env={**os.environ, "ROOT_ACCESS_KEY_ID": access_key, "ROOT_SECRET_ACCESS_KEY": secret_key},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    Program("S3 server", process, log).wait_for(address, _PORT)
    return buckets
