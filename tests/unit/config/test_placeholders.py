"""What counts as a placeholder, and what does not although it looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.placeholders import placeholders


def _reported(*path: str, text: Any, experiment: str = "doma") -> bool:
    value = text
    for part in reversed(path):
        value = {part: value}
    return bool(dict(placeholders({**value, "experiment": experiment}, stack="demo")))


@pytest.mark.parametrize(
    "text",
    [
        "FIXME",
        "-FIXME",
        "fixme",
        "CHANGEME",
        "change-me",
        "TODO",
        "<host>",
        "https://<host>/",
        "x TODO y",
        "a.example.com",
        "admin@example.org",
        "iam.example",
        "a.test",
        "https://a.panda.test:443/x",
    ],
)
def test_refused_everywhere(text: str) -> None:
    assert _reported("auth", "issuer", text=text)
    assert _reported("components", "panda", "values", "a", text=[text])


@pytest.mark.parametrize(
    "text", ["todo-list", "a < b", "testing", "my.example.cern.ch", "a.test.cern.ch", "examplecom", "x.tests"]
)
def test_not_refused(text: str) -> None:
    assert not _reported("auth", "issuer", text=text)


def test_the_test_bed_may_use_reserved_names_that_resolve_locally() -> None:
    assert not _reported("hosts", "panda", text="panda.panda.test", experiment="local")
    assert not _reported("hosts", "panda", text="panda.localhost", experiment="local")
    assert _reported("hosts", "panda", text="panda.example.com", experiment="local")


def test_localhost_fits_where_it_has_a_meaning() -> None:
    assert _reported("hosts", "panda", text="panda.localhost")
    assert not _reported("proxy", "noProxy", text="localhost")
    assert not _reported("charts", "repository", text="oci://localhost:5000/charts")


def test_files_in_free_form_values_may_hold_anything() -> None:
    assert not _reported("components", "msgsvc", "values", "xml", text="<broker>\n  <!-- TODO -->\n</broker>")


def test_a_secret_counts_only_as_a_whole() -> None:
    assert _reported("secrets", "panda", "databasePassword", text="FIXME")
    assert _reported("secrets", "panda", "databasePassword", text="<password>")
    assert not _reported("secrets", "panda", "databasePassword", text="aTODO<b>c")


@pytest.mark.parametrize(
    "text",
    [
        "ENC[AES256_GCM,data:eA==]",
        "$ANSIBLE_VAULT;1.1;AES256",
        "ref+vault://a/b",
        "{{ issuer }}",
        "${ISSUER}",
    ],
)
def test_what_only_stands_for_a_value_is_refused(text: str) -> None:
    assert _reported("auth", "issuer", text=text)


def test_charts_and_containers_may_fill_templates_in() -> None:
    for path in (("components", "panda", "values", "a"), ("components", "panda", "server", "extraEnv", "A")):
        assert not _reported(*path, text="${HOSTNAME}")
        assert _reported(*path, text="ENC[AES256_GCM,data:eA==]")
