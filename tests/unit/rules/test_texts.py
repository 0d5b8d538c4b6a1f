from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.rules.texts import latest_images, plain_secrets
from panda_infra.tree import texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def test_images_without_a_version_are_found_wherever_they_are() -> None:
    values = {
        "main": {"image": {"repository": "ghcr.io/a", "tag": "latest"}},
        "side": [{"image": "docker.io/b:latest"}, {"image": "docker.io/c:1.0"}],
        "other": {"tag": "1.0", "title": "latest"},
    }
    assert list(latest_images(values)) == ["main.image.tag", "side[0].image"]


def test_keys_that_promise_a_secret_and_hold_a_text_are_found() -> None:
    values = {"db": {"rootPassword": "x", "passwordSecret": "name", "apiKey": ""}, "token": True}
    assert list(plain_secrets(values)) == ["db.rootPassword"]


@given(JSON)
def test_any_value_can_be_searched(value: object) -> None:
    assert all(isinstance(text, str) for _, text in texts(value))
    assert not isinstance(value, dict) or list(latest_images(value)) is not None
