"""Finds all reasons why a machine cannot have real nodes, before anything is started."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from testbed.errors import BedError
from tools import roots
from tools.errors import ToolsError

_CGROUPS = Path("/sys/fs/cgroup")
_COMMANDS = {"ip": "iproute2", "mount": "mount", "nsenter": "util-linux", "unshare": "util-linux"}
_NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--fork")
# Runs in temporary namespaces; it prints the description of each command that fails.
_TRIAL = """
try() { what=$1; shift; "$@" >/dev/null 2>&1 || echo "$what"; }
try "mount a file system" mount -t tmpfs tmpfs "$1/root"
umount "$1/root" 2>/dev/null
cd "$1"
try "mount an overlay upon $1" mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
try "make a bridge" ip link add trial type bridge
try "make a pair of virtual interfaces" ip link add trial0 type veth peer name trial1
"""


def ensure_none(folder: Path) -> None:
    """Makes sure that this machine can have real nodes.

    Args:
        folder: The folder for their files, in which this tries their operations; made if it is missing.

    Raises:
        BedError: it cannot; the message contains every reason.
    """
    if reasons := list(found(folder)):
        lines = "\n".join(f"  - {reason}" for reason in reasons)
        raise BedError(f"this machine cannot have real nodes, nothing was started:\n{lines}")


def found(folder: Path) -> Iterator[str]:
    """Every reason why not. Checks that need root run only as root."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        yield f"it is {platform.system()} on {platform.machine()}, and the images are for Linux on x86_64"
        return
    missing = [name for name in _COMMANDS if not shutil.which(name)]
    for name in missing:
        yield f"the command {name} is not on PATH: Debian has it in {_COMMANDS[name]}"
    try:
        roots.require_apt()
    except ToolsError as error:
        yield str(error)
    if os.geteuid() != 0:
        yield "this is not root, who alone can make namespaces, mounts and groups of processes"
    elif not missing:
        yield from _cgroups()
        yield from _tried(folder)


def _cgroups() -> Iterator[str]:
    hierarchies = [path for path in (_CGROUPS, *_CGROUPS.glob("*/")) if (path / "cgroup.procs").exists()]
    if not hierarchies:
        yield f"there are no groups of processes at {_CGROUPS}"
    for hierarchy in hierarchies:
        group = hierarchy / f"panda-infra-trial-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            yield f"no group of processes can be made at {hierarchy}: {error.strerror}"
        else:
            with suppress(OSError):
                group.rmdir()


def _tried(folder: Path) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=folder) as scratch:
        for name in ("lower", "upper", "work", "root"):
            Path(scratch, name).mkdir()
        command = ["unshare", *_NAMESPACES, "sh", "-c", _TRIAL, "sh", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and not done.stdout:
        yield f"it cannot make namespaces: {done.stderr.strip()}"
    for line in done.stdout.splitlines():
        yield f"it cannot {line.replace(scratch, str(folder))}"
