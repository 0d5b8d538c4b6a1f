"""Names of running releases -> the affix, and the names that do not follow from it.

Upstream's script, its guides and its Argo CD Applications use three different naming schemes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panda_infra.products.names import Names

__all__ = ["names_of"]


def names_of(releases: Mapping[str, str]) -> Names:
    """The stack's names for these releases (by component), with as few explicit names as possible."""
    candidates = dict.fromkeys(affix for item in releases.items() for affix in _affixes(*item))
    made = [_with_affix(affix, releases) for affix in ("", *candidates)]
    return min(made, key=lambda names: len(names.releases))


def _with_affix(affix: str, releases: Mapping[str, str]) -> Names:
    plain = Names(affix)
    return Names(affix, {name: found for name, found in releases.items() if plain.release(name) != found})


def _affixes(component: str, release: str) -> Iterator[str]:
    """The possible affixes of a name: the rest before or after the component's usual name."""
    usual = Names().release(component)
    if release.startswith(f"{usual}-"):
        yield release.removeprefix(usual)
    if release.endswith(f"-{usual}"):
        yield release.removesuffix(usual)
