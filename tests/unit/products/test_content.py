"""Any file survives as an encrypted value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from panda_infra.products.content import as_text, file_bytes


@given(
    st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")) | st.just(b"base64:AAAA")
)
def test_what_a_pod_sees_is_the_file(content: bytes) -> None:
    assert file_bytes(SecretStr(as_text(content))) == content


def test_text_stays_readable() -> None:
    assert as_text(b"-----BEGIN\n") == "-----BEGIN\n"
