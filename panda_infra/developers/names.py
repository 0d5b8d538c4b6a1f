"""Names of a developer's stack, all from one word: stack, namespace, affix and hosts."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from panda_infra.errors import PandaInfraError
from panda_infra.plan.developer import PREFIX
from panda_infra.products.names import Names
from panda_infra.products.registry import COMPONENTS

__all__ = ["DeveloperName", "name_of"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# The longest workload of a component has 30 characters beside the affix, of 52 that fit.
_LONGEST = 20
_LABEL, _HOST = 63, 253
_DIGITS = 8


@dataclass(frozen=True)
class DeveloperName:
    """A developer's name, and the names that follow from it: different ones for different developers."""

    name: str

    @property
    def stack(self) -> str:
        """The name of the stack, which is that of its namespace."""
        return f"{PREFIX}{self.name}"

    @property
    def affix(self) -> str:
        """The stack's affix: the name, or a hash of it if charts would take the name for that of a sub-chart."""
        affix = f"-{self.name}"
        # A zero first: no name begins with it.
        return affix if _is_clear(affix) else f"-0{hashlib.sha256(self.name.encode()).hexdigest()[:_DIGITS]}"

    def host(self, pattern: str, host: str) -> str:
        """The host of the stack in place of a host of its parent.

        Raises:
            PandaInfraError: it would be too long for DNS.
        """
        made = pattern.replace("{name}", self.name).replace("{host}", host)
        if len(made) > _HOST or any(len(label) > _LABEL for label in made.split(".")):
            raise PandaInfraError(
                f"{self.name}: its host {made} would be longer than DNS allows ({_LABEL} characters between dots): "
                "choose a shorter name, or another `developers.hosts` in the parent's stack file"
            )
        return made


def name_of(text: str) -> DeveloperName:
    """A developer's name from the command line.

    Raises:
        PandaInfraError: it cannot be part of the names of a namespace, of releases and of hosts.
    """
    if len(text) > _LONGEST or not _NAME.fullmatch(text):
        raise PandaInfraError(
            f"{text!r} cannot be a developer's name: use at most {_LONGEST} lower-case letters, digits and single "
            "dashes, with a letter first and no dash at an end, e.g. alice"
        )
    return DeveloperName(text)


def _is_clear(affix: str) -> bool:
    """True if no release's name contains the name of a sub-chart because of the affix."""
    plain, affixed = Names(), Names(affix)
    return not any(
        sub.name in affixed.release(spec.name) and sub.name not in plain.release(spec.name)
        for spec in COMPONENTS.values()
        for sub in spec.sub_components
    )
