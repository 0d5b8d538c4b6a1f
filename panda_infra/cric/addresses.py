"""The addresses of a CRIC's lists."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from panda_infra.errors import PandaInfraError
from panda_infra.products.panda.cric import CricUrls

__all__ = ["LISTS", "addresses"]

_API = "/api/atlas"
_OURS = CricUrls()
_OBJECT_STORES = "&state=ACTIVE&site_state=ACTIVE&preset=dict&type[]=OS_LOGS&type[]=OS_ES"
_KNOWN = {
    "sites.json": _OURS.sites,
    "panda_queues.json": _OURS.panda_queues,
    "ddm_endpoints.json": _OURS.ddm_endpoints,
    "ddm_blacklist.json": str(_OURS.ddm_blacklist),
    "ddm_objectstores.json": _OURS.ddm_endpoints + _OBJECT_STORES,
}
# These lists have no address that is the same in every CRIC.
_ON_DEMAND = ("cm.json", "sw_tags.json")
LISTS = tuple(file.removesuffix(".json") for file in (*_KNOWN, *_ON_DEMAND))
"""The names of the lists: their file names without the ending."""


def addresses(base: str, given: Mapping[str, str]) -> dict[str, str]:
    """The address of each list to fetch, by its file name.

    Args:
        base: address of the CRIC, or of its API, as ``https://cric.example.org/api/atlas``.
        given: other addresses by list name, relative to the API or absolute; an empty one leaves a list out.

    Raises:
        PandaInfraError: an address is not a valid https address.
    """
    base = _checked("--url", base).rstrip("/")
    if "?" in base or "#" in base:
        raise PandaInfraError(
            "--url: name CRIC's API without what follows a `?`; one list's address goes to `--list`"
        )
    if not urlsplit(base).path:
        base += _API
    found = {file: base + url.partition(_API)[2] for file, url in _KNOWN.items()}
    for name, url in given.items():
        found[f"{name}.json"] = url and _checked(f"--list {name}", urljoin(f"{base}/", url))
    return {file: url for file, url in found.items() if url}


def _checked(option: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme == "https"
            and parts.hostname
            and parts.port != 0
            and url.isascii()
            and url.isprintable()
        )
    except ValueError:
        good = False
    if not good or " " in url:
        raise PandaInfraError(
            f"{option}: write an address that starts with https://, e.g. https://datalake-cric.cern.ch"
        )
    if parts.username is not None:
        raise PandaInfraError(f"{option}: leave user and password out; CRIC knows people by `--certificate`")
    return url
