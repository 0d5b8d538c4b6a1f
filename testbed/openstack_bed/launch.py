"""Starts a process of the cloud in the services' virtual environment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from testbed import processes, waiting
from testbed.openstack_bed.settings import Settings

_SOURCES = Path(__file__).resolve().parents[2]
_PLUGINS = Path(__file__).with_name("plugins")
_LISTENS_WITHIN = 120.0


def spawn(settings: Settings, module: str, *arguments: str) -> processes.Process:
    """Starts ``testbed.openstack_bed.services MODULE [ARGUMENT...]`` for the bed with these settings."""
    environment = {
        "PYTHONPATH": f"{_SOURCES}:{_PLUGINS}",
        # A service imports thousands of modules; compiling them at every start would triple its time.
        "PYTHONDONTWRITEBYTECODE": "",
        # a process that renames itself (Neutron's) would overwrite the mark by which it is found
        "SPT_NOENV": "1",
        **settings.environment(),
    }
    python = settings.services / "bin" / "python"
    command: list[str | Path] = [python, "-m", "testbed.openstack_bed.services", module, *arguments]
    return processes.spawn(settings.folder, "-".join((module, *arguments)), command, environment)


def await_api(settings: Settings, started: Iterable[processes.Process], api: str) -> None:
    """Returns when an API accepts connections.

    Raises:
        BedError: not within two minutes, or one of ``started`` has ended.
    """

    def listens() -> bool:
        for process in started:
            process.ensure_alive()
        return settings.listens(api)

    waiting.until(listens, f"{settings.folder}: {api} answering", _LISTENS_WITHIN)
