"""What pods print is shown without the content of Secrets."""

from __future__ import annotations

from base64 import b64encode

from panda_infra.live.masking import texts_of, without


def secret(**texts: str) -> dict[str, object]:
    return {"data": {key: b64encode(text.encode()).decode() for key, text in texts.items()}}


def test_long_texts_are_recognised_whole_and_by_their_lines() -> None:
    assert texts_of(secret(a="first-line\nsecond-line", b="panda", c="another-text")) == {
        "first-line\nsecond-line",
        "first-line",
        "second-line",
        "another-text",
    }
    assert texts_of({}) == set()


def test_the_longest_text_goes_first() -> None:
    assert without("log-in with canary_panda", {"canary", "canary_panda"}) == "log-in with ***"
