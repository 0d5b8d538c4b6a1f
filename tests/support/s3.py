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
        options = f"endpoint=http://{ports.HOST}:{port}&region=us-east-1&use_path_style=true"
        yield Server(
            bucket,
            {
                "PULUMI_BACKEND_URL": f"s3://{BUCKET}?{options}",
                "AWS_ACCESS_KEY_ID": access,
                "AWS_SECRET_ACCESS_KEY": secret,
            },
        )
    finally:
        server.terminate()
        server.wait(timeout=10)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((ports.HOST, port)) == 0
