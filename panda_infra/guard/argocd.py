"""Leave Argo CD's namespace and CRDs in the cluster while others use them.

With a CRD go all objects of its kind, in every namespace, and with the namespace all Applications in it. The engine
deletes the stack's own ones before, so that whatever is left then belongs to somebody else.
"""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import shortened
from panda_infra.live.argocd_users import users_of
from panda_infra.plan.protection import ARGOCD
from panda_infra.provider.progress import Progress
from panda_infra.state.urns import read_urn

__all__ = ["Shared", "is_shared"]

_KINDS = ("Namespace", "CustomResourceDefinition")


def is_shared(urn: str) -> bool:
    """True for Argo CD's namespace, and for its CRDs."""
    types = read_urn(urn).types
    return types.startswith(f"{ARGOCD}$") and types.rpartition(":")[2] in _KINDS


class Shared:
    """Argo CD's objects that others may use.

    ``progress`` returns the receiver of messages about the resource with a URN, ``api`` the API of the cluster, None as
    long as the way into it is not known.
    """

    def __init__(self, progress: Callable[[str], Progress], api: Callable[[], KubernetesApi | None]) -> None:
        self._progress = progress
        self._api = api

    def stays(self, request: wire.DeleteRequest) -> bool:
        """True if an object must not be deleted, which a message reports.

        Raises:
            KubernetesError: the cluster cannot be asked.
        """
        api = self._api()
        if api is None:
            return False
        kind, name = read_urn(request.urn).type.rpartition(":")[2], _name(request.properties)
        users = users_of(api, kind, name)
        if users:
            self._progress(request.urn).warn(f"stays: {shortened(users)} of others would go with it")
        return bool(users)


def _name(properties: Struct) -> str:
    metadata = properties.fields["metadata"].struct_value
    return str(metadata.fields["name"].string_value)
