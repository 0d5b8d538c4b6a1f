"""A release's manifest is read as Helm reads it."""

from __future__ import annotations

from panda_infra.helm.manifest import documents, items_of, load

MANIFEST = """---
# Source: chart/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: panda}
data:
  text: |
    ---
    on: no separator, as it is indented
--- # the next
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec: {paused: off, day: 2026-11-28}
---
# nothing but a comment
---

"""


def test_objects_are_reported_by_what_identifies_them() -> None:
    found = list(items_of(MANIFEST))
    assert [item.key for item in found] == [("", "ConfigMap", "panda", "a"), ("apps", "Deployment", "", "b")]
    assert [str(item) for item in found] == ["ConfigMap a", "Deployment b"]
    assert found[0].content["data"]["text"].startswith("---\n")


def test_words_of_yaml_1_1_are_booleans_and_dates_are_texts() -> None:
    _, deployment = items_of(MANIFEST)
    assert deployment.content["spec"] == {"paused": False, "day": "2026-11-28"}


def test_a_text_at_the_end_of_a_document_keeps_its_last_line_end() -> None:
    text = "kind: ConfigMap\ndata:\n  file: |\n    a line\n"
    found = [item.content["data"]["file"] for item in items_of(f"---\n{text}---\n{text}")]
    assert found == ["a line\n", "a line\n"]


def test_no_document_is_empty() -> None:
    assert len(list(documents(MANIFEST))) == 3
    assert list(documents("")) == []


def test_numbers_and_tags_are_what_helm_reads() -> None:
    text = "{time: 1:30, mode: 0644, big: 1_000, port: !!int '80', on: n}"
    assert load(text) == {"time": "1:30", "mode": 420, "big": 1000, "port": 80, "true": False}
