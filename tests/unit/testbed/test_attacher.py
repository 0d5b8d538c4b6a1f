"""The second driver's attachments, as an external attacher handles them."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.attacher import ATTACHMENTS, DRIVER, Attacher, driver, in_use

VOLUME = {"spec": {"csi": {"driver": DRIVER, "volumeHandle": "handle"}}}


class Recorded:
    """The changes that are asked of an API."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, Any]] = []

    def get(self, path: str) -> Any:
        assert path == "/api/v1/persistentvolumes/volume"
        return VOLUME

    def merge(self, path: str, change: Any) -> None:
        self.changes.append((path, change))


def attachment(*, by: str = DRIVER, attached: bool = False, **metadata: Any) -> dict[str, Any]:
    source = {"persistentVolumeName": "volume"}
    spec = {"attacher": by, "nodeName": "node", "source": source}
    return {"metadata": {"name": "a", **metadata}, "spec": spec, "status": {"attached": attached}}


def handled(body: dict[str, Any]) -> list[tuple[str, Any]]:
    api = Recorded()
    Attacher(api).handle(body)  # type: ignore[arg-type]
    return api.changes


def test_it_is_attached_and_in_use() -> None:
    changes = handled(attachment())
    assert [path for path, _ in changes] == [
        f"{ATTACHMENTS}/a",
        "/api/v1/nodes/node/status",
        f"{ATTACHMENTS}/a/status",
    ]
    assert changes[1][1] == {"status": {"volumesInUse": [in_use(VOLUME)]}}
    assert in_use(VOLUME) == f"kubernetes.io/csi/{DRIVER}^handle"


@pytest.mark.parametrize("body", [attachment(by="another"), attachment(attached=True)])
def test_what_is_nothing_to_do(body: dict[str, Any]) -> None:
    assert handled(body) == []


def test_its_end_waits_for_the_finalizer() -> None:
    ending = attachment(attached=True, deletionTimestamp="now", finalizers=[f"{DRIVER}/finalizer"])
    assert handled(ending) == [(f"{ATTACHMENTS}/a", {"metadata": {"finalizers": None}})]
    assert driver()["spec"]["attachRequired"] is True
