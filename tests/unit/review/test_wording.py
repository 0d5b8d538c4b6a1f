from __future__ import annotations

from panda_infra.review.wording import safe_lines, without_values

MESSAGE = (
    "error: resource urn:r violates plan: properties changed: ~~data[{&{{map[PASSWORD:{aHVzaA==}]}}}!={hush}]"
)


def test_a_violated_plan_is_reported_without_the_values() -> None:
    assert without_values(MESSAGE) == "error: resource urn:r violates plan in data"


def test_other_messages_stay() -> None:
    assert without_values("error: no such chart") == "error: no such chart"


def test_nothing_is_shown_after_the_violation_since_values_have_several_lines() -> None:
    lines = ["updating", f"{MESSAGE} -----BEGIN KEY-----", "hush", "-----END KEY-----", "1 errored"]
    assert list(safe_lines(lines)) == ["updating", "error: resource urn:r violates plan in data"]
