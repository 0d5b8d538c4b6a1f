"""Turn answers of OpenStack's services into this program's data, and their errors into one line."""

from __future__ import annotations

from typing import Any

from panda_infra.clients.openstack.api import ClusterInfo, Limits

__all__ = ["cluster_of", "limits_of", "reason_of", "words_of"]

Json = dict[str, Any]

_LINE = 400


def words_of(error: Exception) -> str:
    """The message of a library's error on one line."""
    return " ".join(str(error).split())[:_LINE]


def limits_of(maximum: int, used: int) -> Limits:
    """A limit of Nova, Cinder or Manila, for which a negative number means none."""
    return Limits(maximum if maximum >= 0 else None, used)


def cluster_of(found: Json) -> ClusterInfo:
    """A cluster from Magnum's description or listing."""
    return ClusterInfo(
        id=found["uuid"],
        name=found["name"],
        status=found["status"] or "",
        reason=found.get("status_reason") or "",
        faults=found.get("faults") or {},
        api_address=found.get("api_address") or "",
        template=found["cluster_template_id"],
        keypair=found.get("keypair") or "",
        flavor=found.get("flavor_id") or "",
        master_flavor=found.get("master_flavor_id") or "",
        master_count=found.get("master_count") or 0,
        labels=found.get("labels") or {},
        added_labels=found.get("labels_added") or {},
        updated=found.get("updated_at") or "",
    )


def reason_of(answer: Any) -> str:
    """The reason in the body of an error, whose shape depends on the service."""
    try:
        body = answer.json()
    except ValueError:
        return str(answer.reason)
    if "errors" in body:  # Magnum
        return "; ".join(str(error.get("detail") or error.get("title")) for error in body["errors"])
    inner = next(iter(body.values()), "")
    return str(inner.get("message", inner)) if isinstance(inner, dict) else str(inner)
