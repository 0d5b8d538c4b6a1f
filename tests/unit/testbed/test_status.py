from pathlib import Path
from typing import Any

import pytest

from testbed.bed import Bed
from testbed.references import Missing
from testbed.status import Status, condition

BED = Bed("a", Path("/s"), Path("/s/k"), "h:1", {"etcd": 1})
READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Running"}, "Running, not ready"),
        ({"phase": "Running", "conditions": READY}, "Running, ready"),
        ({"phase": "Succeeded", "conditions": READY}, "Succeeded"),
        ({}, "Unknown"),
    ],
)
def test_condition(status: dict[str, Any], expected: str) -> None:
    assert condition({"metadata": {}, "status": status}) == expected


def test_condition_of_an_ending_pod() -> None:
    pod = {"metadata": {"deletionTimestamp": "x"}, "status": {"phase": "Running", "conditions": READY}}
    assert condition(pod) == "Running, ending"


def test_healthy_means_no_dead_part_and_nothing_missing() -> None:
    assert Status(BED, (), {}, {}, {}, ()).is_healthy
    assert not Status(BED, ("etcd",), {}, {}, {}, ()).is_healthy
    assert not Status(BED, (), {}, {}, {}, (Missing("n", "p", "r", "w"),)).is_healthy
