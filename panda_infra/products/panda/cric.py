"""CRIC, the catalogue of sites and queues: its addresses, or the files that replace it."""

from typing import TYPE_CHECKING, Annotated, Any

from panda_infra.config.base import Form, Model
from panda_infra.products.imports import Folder, Imports
from panda_infra.products.panda.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["IMPORTS", "CricSettings", "CricUrl", "CricUrls", "asked", "settled"]

# CRIC's queries contain brackets, commas and percent signs; only a quote or a space would end the URL.
CricUrl = Annotated[
    str,
    Form(
        r"https?://[^\s\"'\\]+",
        "a URL without spaces and quotes",
        "https://datalake-cric.cern.ch/api/atlas/site/query/?json",
    ),
]

# The instance that all experiments outside ATLAS' production share.
_CRIC = "https://datalake-cric.cern.ch/api/atlas"


class CricUrls(Model):
    """CRIC's addresses for each of its lists; default: those of the data lake's CRIC at CERN."""

    sites: CricUrl = f"{_CRIC}/site/query/?json"
    """Sites."""
    panda_queues: CricUrl = f"{_CRIC}/pandaqueue/query/?json"
    """PanDA queues."""
    ddm_endpoints: CricUrl = f"{_CRIC}/ddmendpoint/query/?json"
    """Storage endpoints."""
    ddm_blacklist: CricUrl | None = f"{_CRIC}/ddmendpointstatus/query/?json&activity=write_wan&fstate=OFF"
    """Storage endpoints that are off."""
    cost_matrix: CricUrl | None = None
    """Cost matrix of links."""
    object_stores: CricUrl | None = None
    """Object stores; default: the storage endpoints."""
    tags: CricUrl | None = None
    """Software tags."""


class CricSettings(Model):
    """CRIC itself, or JSON files instead of it."""

    real: bool | None = None
    """true: ask CRIC under `urls`. false: use the files of `folder`. Default: true for experiments that CRIC knows."""
    urls: CricUrls | None = None
    """Addresses of CRIC; default for experiments that CRIC knows: those of the data lake's CRIC at CERN."""
    folder: Annotated[str, Form(r"[\w./-]+", "a path relative to the project", "cric_jsons")] = "cric_jsons"
    """Folder with sites.json, panda_queues.json and ddm_endpoints.json, and optionally ddm_blacklist.json, cm.json
    and ddm_objectstores.json."""


def asked(config: "Settings") -> CricUrls | None:
    """The addresses of CRIC; None if JSON files replace it, or no address is known."""
    settings = config.of(CricSettings)
    known = EXPERIMENTS[config.experiment].cric
    urls = CricUrls() if known else None
    return (settings.urls or urls) if (known if settings.real is None else settings.real) else None


def settled(config: "Settings") -> dict[str, dict[str, Any]]:
    """CRIC's entry in a plan: whether it is used, and its addresses."""
    urls = asked(config)
    addresses = urls and urls.model_dump(mode="json", by_alias=True)
    return {"cric": {"real": urls is not None, "urls": addresses}}


IMPORTS = Imports(
    switches={"real": "real"},
    texts={
        "sites": "urls.sites",
        "schedConfig": "urls.pandaQueues",
        "ddmEndpoints": "urls.ddmEndpoints",
        "ddmBlackList": "urls.ddmBlacklist",
        "costMetrix": "urls.costMatrix",
        "objectStores": "urls.objectStores",
    },
    may_be_empty=("costMetrix", "objectStores"),
    when_empty={"real": False, "ddmBlackList": None},
    switch={"real": "CRIC is not asked"},
    folders={"cric_jsons": Folder(endings=(".json",), flat=True, project="folder")},
)
