"""Try by a dry run whether a cluster's policies accept an object."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesUnreachableError

__all__ = ["NOT_ALLOWED", "refusal"]

NOT_ALLOWED = "cannot create resource"
"""A text in the refusal of a user who may not create such objects at all."""


def refusal(api: KubernetesApi, collection: str, body: Mapping[str, Any]) -> KubernetesError | None:
    """The cluster's refusal of an object in a collection; None if it takes the object.

    Raises:
        KubernetesError: the cluster does not answer, or does not know the credential.
    """
    try:
        api.call("POST", collection, body=body, query=[("dryRun", "All")])
    except KubernetesUnreachableError:
        raise
    except KubernetesError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        # An existing object was judged too: admission comes before the conflict of names.
        return None if error.status == HTTPStatus.CONFLICT else error
    return None
