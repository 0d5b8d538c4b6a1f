"""All components of PanDA, in the order in which a person lists them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from panda_infra.catalog.bigmon import BIGMON
from panda_infra.catalog.harvester import HARVESTER
from panda_infra.catalog.iam import IAM, IAM_DB
from panda_infra.catalog.idds import IDDS
from panda_infra.catalog.model import ComponentSpec
from panda_infra.catalog.msgsvc import MSGSVC
from panda_infra.catalog.panda import PANDA
from panda_infra.catalog.ui import UI

__all__ = ["COMPONENTS"]

COMPONENTS: Mapping[str, ComponentSpec] = MappingProxyType(
    {spec.name: spec for spec in (MSGSVC, IAM, IAM_DB, PANDA, HARVESTER, IDDS, BIGMON, UI)}
)
