"""A real S3 server on loopback for the state of stacks."""

from __future__ import annotations

import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed import ports, waiting
from tests.support.documented import documented
from tools import toolchain

BUCKET = "panda-infra-state"


@dataclass(frozen=True)
class Server:
    """A running server: the folder behind its one bucket, and what a client needs in its environment."""

    bucket: Path
    environment: Mapping[str, str]

    def locks(self) -> list[Path]:
        """The locks that are held, as the objects that they are."""
        return list(self.bucket.glob(".pulumi/locks/**/*.json"))


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server with its data below ``folder``."""
    bucket = folder / "s3" / BUCKET
    bucket.mkdir(parents=True)
    (metadata := folder / "metadata").mkdir()
    (port,) = ports.free(1)
    access, secret = "panda", secrets.token_urlsafe(24)
    server = subprocess.Popen(
        [
            str(toolchain.ensure(["versitygw"]).path("versitygw")),
            *("--port", f"{ports.HOST}:{port}", "--quiet"),
            *("posix", "--sidecar", str(metadata), str(bucket.parent)),
        ],
        env={"ROOT_ACCESS_KEY_ID": access, "ROOT_SECRET_ACCESS_KEY": secret},
        stdout=subprocess.DEVNULL,
    )
    try:
        waiting.until(lambda: _listens(port), "the S3 server", seconds=10)
        address = documented(
            "export PULUMI_BACKEND_URL='s3://panda-infra-state?endpoint=https://s3.cern.ch&region=us-east-1"
            "&use_path_style=true'",
            {"https://s3.cern.ch": f"http://{ports.HOST}:{port}"},
        )
        credentials = documented(
            "export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
            {"KEY_ID=...": f"KEY_ID={access}", "ACCESS_KEY=...": f"ACCESS_KEY={secret}"},
        )
        exported = (word.partition("=") for word in (*address.arguments, *credentials.arguments))
        yield Server(bucket, {name: value for name, _, value in exported})
    finally:
        server.terminate()
        server.wait(timeout=10)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((ports.HOST, port)) == 0
