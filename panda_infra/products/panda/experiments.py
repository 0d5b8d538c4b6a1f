"""Experiments with their names in PanDA's charts, configuration and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from panda_infra.products.product import Experiment

__all__ = ["EXPERIMENTS", "PandaExperiment"]


@dataclass(frozen=True)
class PandaExperiment(Experiment):
    """An experiment that runs PanDA.

    ``harvester`` selects the scripts and queues in Harvester's chart and pod, empty for the chart's defaults, and
    ``auth_files`` are the files that Harvester's configuration and crons then need. ``per_replica`` is true if its
    set-up scripts support one database per replica of Harvester. ``configuration`` is the distinctive part of the names
    of the server's and JEDI's configuration files, empty for the charts' defaults. ``copied_files`` are patterns of
    files that Harvester's start script copies, so that a change takes effect only after the next start. ``token_file``
    is the file to which Harvester writes the token of its own calls. ``cric`` is true if CRIC contains its sites and
    queues.
    """

    harvester: str = ""
    per_replica: bool = False
    configuration: str = ""
    cric: bool = False
    auth_files: tuple[str, ...] = ()
    copied_files: tuple[str, ...] = ()
    # Harvester's credential manager names the file by the MD5 of the target in the charts' configuration.
    token_file: str = "/opt/harvester/etc/auth_tokens/48975ff1c8b067b9dcea54d5cdd28cc8"  # noqa: S105 - a path

    @property
    def server_config(self) -> str:
        """Name of the PanDA server's configuration file inside its chart."""
        return _config_file("panda_server_config", self.configuration)

    @property
    def jedi_config(self) -> str:
        """Name of JEDI's configuration file inside its chart."""
        return _config_file("panda_jedi_config", self.configuration)


def _config_file(name: str, configuration: str) -> str:
    return ".".join(part for part in (name, configuration, "json") if part)


_TOKEN_AT_CERN = "/data/tokens/harvester_pandaserver/harvester_panda_token"  # noqa: S105 - a path
_PILOT = ("pilot_usercert.pem", "pilot_userkey.pem")
_AT_CERN = (
    "token_harvester-compute_client_prod.json",
    "token_harvester-compute_client_pilot.json",
    "token_harvester-pilot_pandaserver.json",
    "token_harvester-harvester_pandaserver.json",
    "panda_token_key",
)

EXPERIMENTS: Mapping[str, PandaExperiment] = MappingProxyType(
    {
        "atlas-testbed": PandaExperiment(
            "ATLAS testbed",
            upstream=("atlas_testbed", "cern"),  # its broker runs with DOMA's values
            at_cern=True,
            harvester="atlas",
            configuration="atlas_testbed",
            cric=True,
            auth_files=("token_harvester-atlas_testbed_pilot.json", *_AT_CERN, "atlpilo1RFC.plain"),
            copied_files=("atlpilo1RFC.plain",),
            token_file=_TOKEN_AT_CERN,
        ),
        "ctao": PandaExperiment("CTAO", upstream=("ctao",)),
        "dev": PandaExperiment("development", at_cern=True, upstream=("dev", "atlas-dev")),
        "doma": PandaExperiment(
            "DOMA",
            upstream=("doma-k8s", "cern", "doma"),
            at_cern=True,
            harvester="doma",
            configuration="cern",
            cric=True,
            auth_files=("token_harvester-doma_pilot.json", *_AT_CERN, *_PILOT),
            copied_files=("pilot*.pem",),
            token_file=_TOKEN_AT_CERN,
        ),
        "local": PandaExperiment("local", on_test_bed=True, upstream=("local",)),
        "lsst": PandaExperiment(
            "Rubin", upstream=("lsst",), harvester="lsst", per_replica=True, cric=True, auth_files=_PILOT
        ),
        "lsst-prod": PandaExperiment(
            "Rubin",
            upstream=("lsst-prod", "lsst_prod"),
            harvester="lsst_prod",
            per_replica=True,
            cric=True,
            auth_files=_PILOT,
        ),
        "sphenix": PandaExperiment(
            "sPHENIX",
            upstream=("sphenix",),
            harvester="sphenix",
            cric=True,
            auth_files=(
                "usercert.pem",
                "userkey.pem",
                "hcvoms.sdcc.bnl.gov.crt",
                "hcvoms.sdcc.bnl.gov-key.pem",
            ),
            copied_files=("*.pem",),
        ),
    }
)
