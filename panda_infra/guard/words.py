"""The guard's messages about releases, before the engine's work on them and after a failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, status_pb2

from panda_infra.helm.records import Record
from panda_infra.live.drift import Deviation

__all__ = [
    "deployed_by_others",
    "drifted",
    "failed",
    "found_by_create",
    "found_by_diff",
    "gone",
    "handed_back",
    "handed_over",
    "misses_application",
    "runs_again",
    "unready",
    "waited_for",
]

_DETAILS = "grpc-status-details-bin"


def gone(name: str) -> str:
    """The message for a release in the state that Helm does not have."""
    return f"release {name} is not in the cluster any more: `pulumi up` installs it again"


def found_by_diff(record: Record) -> str:
    """The message for a release in the state that Helm has in another status than deployed."""
    return f"release {record.release} is {_condition(record)}: `pulumi up` upgrades it to the stack file"


def deployed_by_others(record: Record, known: int) -> str:
    """The message for a release that others upgraded or rolled back since the last run."""
    return (
        f"release {record.release} has revision {record.revision}, the last run left revision {known}: somebody else "
        "deployed it, by `helm` for example; `pulumi up` upgrades it to the stack file"
    )


def found_by_create(record: Record) -> str:
    """The message for a release that Helm has and the state does not have."""
    return (
        f"release {record.release} is in the cluster ({_condition(record)}) though the state does not have it, as "
        "after a run that was killed: `pulumi up` takes it over and upgrades it"
    )


def drifted(name: str, found: Sequence[Deviation]) -> str:
    """The message for a release whose objects differ from its manifest."""
    return "\n  ".join([f"release {name} has drifted: `pulumi up --refresh` restores what", *map(str, found)])


def waited_for(record: Record, timeout: float) -> str:
    """The message for a release that another run works on."""
    return (
        f"somebody else works on release {record.release}, which is {_condition(record)}: waiting until that has "
        f"ended, {timeout:.0f} s at most"
    )


def runs_again(job: str) -> str:
    """The message for a job that has failed in an earlier run."""
    return f"job {job} has failed before: it is removed with its pods, and runs again"


def handed_over(name: str) -> str:
    """The message for an Application of a release that Helm has."""
    return (
        f"Argo CD takes over what Helm's release {name} has deployed: no pod is replaced and nothing is deleted but "
        "Helm's own record of it, which is what this preview shows as the deletion of the release"
    )


def handed_back(name: str) -> str:
    """The message for a release whose objects an Application has."""
    return (
        f"Helm's release {name} takes over what Argo CD's Application has deployed: no pod is replaced and nothing is "
        "deleted but the Application itself"
    )


def misses_application(name: str) -> str:
    """The message for an Application in the state that the cluster does not have."""
    return f"Application {name} is not in the cluster any more: `pulumi up` makes it again"


def unready(identity: str, properties: Struct, text: str) -> grpc.RpcError:
    """An error for a resource that was made, but does not become ready."""
    detail = provider_pb2.ErrorResourceInitFailed(id=identity, properties=properties, reasons=[text])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
    status.details.add().Pack(detail)
    return _Explained(grpc.StatusCode.UNKNOWN, text, [(_DETAILS, status.SerializeToString())])


def _condition(record: Record) -> str:
    since = f"{record.written:%Y-%m-%d %H:%M:%S} UTC"
    return f"{record.status} since {since}"


class _Explained(grpc.RpcError):  # type: ignore[misc]
    def __init__(self, code: grpc.StatusCode, details: str, metadata: Sequence[tuple[str, Any]]) -> None:
        super().__init__(details)
        self._code, self._text, self._metadata = code, details, metadata

    def code(self) -> grpc.StatusCode:
        """The code of the original error."""
        return self._code

    def details(self) -> str:
        """The text of the original error, with the reasons."""
        return self._text

    def trailing_metadata(self) -> Sequence[tuple[str, Any]]:
        """The protocol's details, also with the reasons."""
        return self._metadata


def failed(error: Any, reasons: Sequence[str]) -> grpc.RpcError:
    """The official plugin's error with the cluster's reasons in each text that the engine reads."""
    text = "\n  ".join([str(error.details()), *reasons])
    metadata = [
        (key, _with_reasons(value, text) if key == _DETAILS else value)
        for key, value in error.trailing_metadata() or ()
    ]
    return _Explained(error.code(), text, metadata)


def _with_reasons(packed: bytes, text: str) -> bytes:
    status = status_pb2.Status.FromString(packed)
    status.message = text
    for detail in status.details:
        partial = provider_pb2.ErrorResourceInitFailed()
        if detail.Unpack(partial):
            del partial.reasons[:]
            partial.reasons.append(text)
            detail.Pack(partial)
    whole: bytes = status.SerializeToString()
    return whole
