"""Helm's records are read and written as Helm does."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.helm.records import Record, decode, encode, histories, write
from tests.support.kubernetes import FakeApi, record

SECRETS = "/api/v1/namespaces/panda/secrets"

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _JSON))
def test_a_record_survives_being_read_and_written(content: dict[str, Any]) -> None:
    assert decode(encode(content)) == content


def test_records_of_the_first_helm_3_are_read_too() -> None:
    content = {"name": "panda", "info": {"status": "deployed"}}
    for packed in (json.dumps(content).encode(), gzip.compress(json.dumps(content).encode())):
        assert decode(b64encode(b64encode(packed)).decode()) == content


def having(*records: dict[str, Any]) -> FakeApi:
    api = FakeApi()
    api.add(SECRETS, *records)
    return api


def test_the_newest_record_is_the_last_by_number() -> None:
    api = having(
        record("panda", 10, "deployed"), record("panda", 9, "superseded"), record("iam", 1, "failed")
    )
    found = histories(api, "panda")
    assert {name: [one.revision for one in records] for name, records in found.items()} == {
        "panda": [9, 10],
        "iam": [1],
    }
    assert found["iam"][0].status == "failed"


def test_what_is_no_record_is_left_out() -> None:
    stranger = {
        "metadata": {"name": "x", "labels": {"owner": "helm"}, "creationTimestamp": "2026-01-01T00:00:00Z"}
    }
    assert histories(having(stranger), "panda") == {}


def test_a_record_is_as_old_as_its_last_change_whatever_its_labels_say() -> None:
    changed = record("panda", 1, "pending-upgrade", written="2026-01-01T00:10:00Z")
    changed["metadata"]["labels"] |= {"createdAt": "1700000000", "modifiedAt": "1700000000"}
    found = histories(having(changed), "panda")["panda"][0]
    assert found.is_pending
    assert found.age(datetime(2026, 1, 1, 0, 11, tzinfo=UTC)) == 60


def test_the_label_follows_the_content() -> None:
    api = having(record("panda", 1, "pending-install"))
    found: Record = histories(api, "panda")["panda"][0]
    write(api, found, {"info": {"status": "failed"}, "manifest": "x"})
    changed = api.objects[f"{SECRETS}/sh.helm.release.v1.panda.v1"]
    assert changed["metadata"]["labels"]["status"] == "failed"
    assert changed["metadata"]["labels"]["owner"] == "helm"
    assert decode(changed["data"]["release"])["manifest"] == "x"
