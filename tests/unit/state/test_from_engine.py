"""The state as the engine gives it to a running program."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from panda_infra.state import from_engine as module
from panda_infra.state.recorded import Recorded


class Monitor:
    """An engine that refuses."""

    def __init__(self, words: str) -> None:
        self.words, self.asked = words, 0

    def Invoke(self, _request: Any) -> Any:  # noqa: N802 - the engine's name
        self.asked += 1
        raise grpc.RpcError(self.words)


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "full_name", lambda stack: f"organization/panda-infra/{stack}")
    monkeypatch.setattr(module, "_WHOLE_WITHIN", 0.0)


def test_a_stack_that_the_backend_has_not_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor('returned an error: unknown stack "organization/panda-infra/other"')
    monkeypatch.setattr(module, "get_monitor", lambda: monitor)
    assert module.deployed("other") == Recorded()
    assert monitor.asked == 1


def test_a_state_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "get_monitor", lambda: Monitor("half written"))
    with pytest.raises(grpc.RpcError):
        module.deployed("other")
