"""What an API server is asked about its user, and how odd answers are read."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.kubernetes.reviews import may, rules_in
from tests.support.kubernetes import FakeApi

_API = "/apis/authorization.k8s.io/v1"


class Answering(FakeApi):
    """Gives one answer to everything."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self._answer = answer
        self.asked: list[tuple[str, Any]] = []

    def call(self, method: str, path: str, **given: Any) -> Any:
        assert method == "POST"
        self.asked.append((path, given["body"]))
        return self._answer


def test_the_user_is_asked_about() -> None:
    api = Answering({"status": {"allowed": True, "resourceRules": [{"verbs": ["get"]}]}})
    assert may(api, verb="list", resource="namespaces")
    assert rules_in(api, "panda") == [{"verbs": ["get"]}]
    (first, access), (second, rules) = api.asked
    assert (first, second) == (f"{_API}/selfsubjectaccessreviews", f"{_API}/selfsubjectrulesreviews")
    assert access["kind"] == "SelfSubjectAccessReview"
    assert access["spec"] == {"resourceAttributes": {"verb": "list", "resource": "namespaces"}}
    assert rules["kind"] == "SelfSubjectRulesReview"
    assert rules["spec"] == {"namespace": "panda"}


@pytest.mark.parametrize("answer", [None, [], "ok", {}, {"status": None}, {"status": "Failure"}])
def test_an_answer_that_says_nothing_allows_nothing(answer: object) -> None:
    assert not may(Answering(answer), verb="list", resource="namespaces")
    assert rules_in(Answering(answer), "panda") == []
