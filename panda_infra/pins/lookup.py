"""Ask registries for the digests of charts and images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from panda_infra.clients.registry.login import RegistryError
from panda_infra.clients.registry.manifests import chart_digest, image_digest
from panda_infra.errors import Problem
from panda_infra.pins.pins import Pin

__all__ = ["digests"]

_AT_ONCE = 8
_HOW = "Correct the tag or the version, log in by `helm registry login`, or name the components to pin."


def digests(pins: Iterable[Pin]) -> tuple[Mapping[Pin, str], list[Problem]]:
    """The digests that registries give now, and a problem for each chart or image of which one gives none."""
    wanted = list(pins)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(_asked, wanted))
    found = {pin: answer for pin, answer in zip(wanted, answers, strict=True) if isinstance(answer, str)}
    return found, [answer for answer in answers if isinstance(answer, Problem)]


def _asked(pin: Pin) -> str | Problem:
    try:
        if pin.kind == "chart":
            digest = chart_digest(pin.repository, pin.name, pin.tag)
        else:
            digest = image_digest(pin.repository, pin.tag)
    except RegistryError as error:
        return Problem(pin.key, str(error), _HOW)
    return digest or Problem(pin.key, f"has no digest at its registry ({pin.repository})", _HOW)
