"""Names that run -> the affix and the names that do not follow from it.

Upstream's script, its guides and its Argo CD Applications name releases each in their own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panda_infra.products.names import Names

__all__ = ["names_of"]


def names_of(releases: Mapping[str, str]) -> Names:
    """The names of a stack whose releases, by component, are called like that: as few as possible said one by one."""
    candidates = dict.fromkeys(affix for item in releases.items() for affix in _affixes(*item))
    made = [_with_affix(affix, releases) for affix in ("", *candidates)]
    return min(made, key=lambda names: len(names.releases))


def _with_affix(affix: str, releases: Mapping[str, str]) -> Names:
    plain = Names(affix)
    return Names(affix, {name: found for name, found in releases.items() if plain.release(name) != found})


def _affixes(component: str, release: str) -> Iterator[str]:
    """The affixes that could make the name, those of one word at one end of it."""
    usual = Names().release(component)
    if release.startswith(f"{usual}-"):
        yield release.removeprefix(usual)
    if release.endswith(f"-{usual}"):
        yield release.removesuffix(usual)
