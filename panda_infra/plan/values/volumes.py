"""Values of the claims: dynamic volumes of the stack's storage class, adopted claims, or the shared log claim.

The charts default to host paths, and a claim with a selector can never be provisioned (T23), so host path volumes
and selectors are switched off wherever a class is set.
"""

from __future__ import annotations

from panda_infra.config.delivery import Storage
from panda_infra.products.model import Claim, SubComponentSpec
from panda_infra.products.workloads import SubComponent, Volume
from panda_infra.tree import Values

__all__ = ["SHARED_LOGS", "volume_values"]

SHARED_LOGS = "panda-shared-logs"
_OWN = "persistentvolume"  # where a chart has this key, it makes the claim even if nothing describes it (T21)


def volume_values(
    spec: SubComponentSpec, config: SubComponent, storage: Storage, *, inside: bool = False
) -> Values:
    """The values below a sub-chart's own key that describe its claims.

    With ``inside``, no chart may make a volume of its own, because it is installed with rights in its namespace alone.
    """
    values: Values = {}
    for claim in spec.claims:
        volume = config.volumes.get(claim.name)
        if volume is None and claim.optional and not (inside and claim.key == _OWN):
            continue
        values[claim.key] = _claim(claim, volume or Volume(), storage)
    return values


def _claim(claim: Claim, volume: Volume, storage: Storage) -> Values:
    values: Values = {
        "create": False,
        "selector": False,
        # Charts read the class of other folders from this value too (Harvester's working folders), so it is always set.
        "class": volume.class_name or storage.class_name,
    }
    if volume.size:
        values["size"] = volume.size
    if claim.key == "persistentvolumespecial":
        values["mount"] = True
    if volume.claim:
        values |= _adopted(claim, volume.claim, volume.sub_path)
    elif storage.shared_logs and claim.shared_path and not volume.class_name:
        values |= _adopted(claim, SHARED_LOGS, claim.shared_path)
    return values


def _adopted(claim: Claim, name: str, sub_path: str | None) -> Values:
    key: Values = {claim.adopt_key: name} if claim.adopt_key else {claim.reuse_key: True}
    return key | ({"subPath": sub_path} if sub_path else {})
