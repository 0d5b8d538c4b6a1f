import pytest

from bench import nodes


def test_labels_and_aliases_cost_no_more_than_their_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "")  # restored after the measurement has set its own
    monkeypatch.setattr(nodes, "LATENCY", 0)
    for figures in nodes.measure(4).values():
        assert 0 < figures.writes <= 4 * nodes.CALLS_PER_NODE
        assert figures.unchanged_writes == 0
