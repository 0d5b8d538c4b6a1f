"""Rucio's server with the files and variables of its pod; gunicorn replaces Apache."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Program, Sandbox
from testbed.errors import BedError
from testbed.real.software import RUCIO

__all__ = ["configured", "start"]

_APPLICATION = "rucio.web.rest.flaskapi.v1.main:application"
_CONFIGURATION = "/opt/rucio/etc/rucio.cfg"
_PARTS = "/opt/rucio/etc/conf.d/"
_VARIABLE = "RUCIO_CFG_"
_TLS = "/etc/grid-security"
_PORT = 443
_NUMBERS = count(1)


def start(sandbox: Sandbox, variant: str = "") -> Program:
    """Start it, as a stack file or a variant of it declares it, and wait until it listens at its Service's port.

    Raises:
        BedError: it does not.
    """
    container = _container(sandbox.variants[variant] if variant else sandbox.containers)
    root = sandbox.root(RUCIO, container, name=f"{container.workload}-{next(_NUMBERS)}")
    # Commands in the pod run where the newest one does.
    sandbox.roots[container.workload] = root
    root.write(_CONFIGURATION, configured(container))
    address = sandbox.address(container)
    pair = ("--certfile", f"{_TLS}/hostcert.pem", "--keyfile", f"{_TLS}/hostkey.pem")
    options = ("--bind", f"{address}:{_PORT}", "--workers", "1", "--threads", "4", *pair)
    program: Program = root.start("gunicorn", *options, _APPLICATION)
    program.wait_for(address, _PORT)
    return program


def _container(containers: Iterable[Container]) -> Container:
    """The server's container: Rucio's charts have no labels that name the release as others do."""
    for each in containers:
        if each.name == "rucio-server":
            return each
    raise BedError("the stack has no container of Rucio's server")


def configured(container: Container) -> str:
    """The configuration that the image makes of files in `conf.d` and of variables, which take precedence."""
    sections: dict[str, dict[str, str]] = {}
    for path, file in sorted(container.files.items()):
        if Path(path).parent == Path(_PARTS):
            for section, options in json.loads(file.content).items():
                sections.setdefault(section, {}).update({key: str(value) for key, value in options.items()})
    for variable, value in container.environment.items():
        if variable.startswith(_VARIABLE):
            section, _, option = variable.removeprefix(_VARIABLE).lower().partition("_")
            sections.setdefault(section, {})[option] = value
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        for name, options in sections.items()
    )
