"""Run the official Kubernetes plugin as a child process that ends with this one."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO

from panda_infra.clients.registry.login import registry_settings
from panda_infra.pulumi_sdk import plugin_version

__all__ = ["Official", "OfficialError", "start"]

_NAME = "pulumi-resource-kubernetes"
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


class OfficialError(Exception):
    """The official plugin is missing or does not start."""


class Official:
    """The plugin, which has been started and may not listen yet."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @cached_property
    def port(self) -> int:
        """Its port on this machine, as soon as it listens there.

        Raises:
            OfficialError: it prints something else.
        """
        output = self._process.stdout
        line = output.readline() if output else ""
        if not line.strip().isdigit():
            raise OfficialError(f"{_NAME} printed {line.strip()!r} instead of its port")
        threading.Thread(target=_relay, args=(output,), daemon=True).start()
        return int(line)


def start(arguments: Sequence[str]) -> Official:
    """Start the plugin of the SDK's version with the engine's arguments.

    Raises:
        OfficialError: it is missing and cannot be installed.
    """
    process = subprocess.Popen(
        [_executable(), *arguments],
        env={**os.environ, **registry_settings()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_dying_with_parent(),  # noqa: PLW1509 - no thread has been started yet
    )
    return Official(process)


def _dying_with_parent() -> Callable[[], object] | None:
    """Make the kernel end the child when this process is killed; only Linux can."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _executable() -> str:
    """The plugin on PATH, else in the engine's folder of plugins, where it is installed if it is missing."""
    if found := shutil.which(_NAME):
        return found
    version = plugin_version()
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    installed = home / "plugins" / f"resource-kubernetes-v{version}" / _NAME
    if not installed.is_file():
        command = ["pulumi", "plugin", "install", "resource", "kubernetes", f"v{version}"]
        try:
            # Keep its output apart from the port on standard output.
            subprocess.run(command, stdout=sys.stderr, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise OfficialError(f"`{' '.join(command)}` failed: {error}") from None
    return str(installed)


def _relay(output: IO[str] | None) -> None:
    for line in output or ():
        sys.stderr.write(line)
