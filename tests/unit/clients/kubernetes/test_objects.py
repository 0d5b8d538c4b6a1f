"""The conditions by which a cluster's controllers describe an object."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.kubernetes.objects import true_conditions


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({}, set()),
        ({"status": None}, set()),
        ({"status": {"conditions": None}}, set()),
        (
            {
                "status": {
                    "conditions": [{"type": "Ready", "status": "True"}, {"type": "Failed", "status": "False"}]
                }
            },
            {"Ready"},
        ),
    ],
)
def test_only_true_conditions_count(item: dict[str, Any], expected: set[str]) -> None:
    assert true_conditions(item) == expected
