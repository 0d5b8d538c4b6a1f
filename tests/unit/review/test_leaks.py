from __future__ import annotations

import json
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.review.leaks import credentials, holds_any, secret_texts

SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=60)


def test_every_text_of_a_nested_section_counts_but_words() -> None:
    section = json.dumps(
        {"panda": {"password": "long-enough"}, "files": ["another-one", "short"], "n": 12345678}
    )
    assert secret_texts([section, "plain-text"]) == {"long-enough", "another-one", "plain-text"}


def test_credentials_are_reported_by_the_names_of_their_variables() -> None:
    secret = {
        name: f"the value of {name}" for name in ("PULUMI_CONFIG_PASSPHRASE", "GITLAB_TOKEN", "A_SECRET")
    }
    plain = {"OS_AUTH_URL": "https://keystone.example", "TOKENS": "many-of-them", "EMPTY_TOKEN": ""}
    assert credentials(secret | plain) == set(secret.values())


@given(SECRETS, st.text(), st.text())
def test_a_secret_is_found_as_it_is_in_json_and_in_base64(secret: str, before: str, after: str) -> None:
    whole = before + secret + after
    assert holds_any(whole, {secret})
    assert holds_any(json.dumps(whole), {secret})
    assert holds_any(b64encode(whole.encode()).decode(), {secret})


def test_nothing_is_found_where_nothing_is() -> None:
    assert not holds_any("the words of a comment", {"a-password-of-the-broker"})
    assert not holds_any("anything", ())
