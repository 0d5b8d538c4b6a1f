"""Tests of charts: found in Helm's records, run by Helm with a kubeconfig that only this user can read."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.helm.records import encode
from panda_infra.plan.make import make_plan
from panda_infra.products.verification import OwnTest
from panda_infra.verify.own_tests import OwnTests, own_tests
from tests.support.kubernetes import FakeApi, record
from tests.support.stacks import stack

_PLAN = make_plan("demo", stack(components={"msgsvc": {}, "panda": {}}))
_TARGET = Target({"server": "https://api.site.org"}, {"token": "canary"}, "c", "u", Source("here", ""))
_TEST = OwnTest("panda", "panda", "smoke", ("needed",))
_HELM = """#!/bin/sh
printf '%s\\n' "$@" > "$OUT/arguments"
cp "$KUBECONFIG" "$OUT/kubeconfig"
stat -c %a "$KUBECONFIG" > "$OUT/mode"
exit "$(cat "$OUT/code")"
"""


def hook(name: str, kind: str = "Pod", *events: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "events": list(events or ("test",))}


def test_tests_are_those_of_the_newest_deployed_record() -> None:
    api, path = FakeApi(), "/api/v1/namespaces/panda/secrets"
    for revision, status, hooks in (
        (1, "superseded", [hook("old")]),
        (
            2,
            "deployed",
            [
                hook("smoke"),
                hook("needed", "ConfigMap"),
                hook("job", "Job", "pre-install"),
                hook("also", "Job"),
            ],
        ),
        (3, "failed", [hook("newer")]),
    ):
        found = record("panda", revision, status)
        content = {"info": {"status": status}, "manifest": "", "version": revision, "hooks": hooks}
        api.add(path, found | {"data": {"release": encode(content)}})
    assert list(own_tests(_PLAN, api)) == [_TEST, OwnTest("panda", "panda", "also", ("needed",))]


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Helm was called with, beside the exit code that it gives."""
    script = tmp_path / "bin" / "helm"
    script.parent.mkdir()
    script.write_text(_HELM)
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OUT", str(tmp_path))
    (tmp_path / "code").write_text("0")
    return tmp_path


def test_helm_runs_a_test_by_its_name(helm: Path) -> None:
    assert OwnTests(_TARGET, "panda").run(_TEST, 300) == "passed"
    words = (helm / "arguments").read_text().split("\n")[:-1]
    assert words[:6] == ["test", "panda", "--namespace", "panda", "--timeout", "300s"]
    assert words[6:] == ["--filter", "name=smoke", "--filter", "name=needed"]
    assert "canary" not in " ".join(words)
    assert json.loads((helm / "kubeconfig").read_text())["users"][0]["user"] == {"token": "canary"}
    assert stat.S_IMODE(int((helm / "mode").read_text(), 8)) == 0o600


def test_a_test_that_fails_is_wrong(helm: Path) -> None:
    (helm / "code").write_text("1")
    with pytest.raises(WrongError, match="`helm test panda --namespace` failed"):
        OwnTests(_TARGET, "panda").run(_TEST, 300)


def test_without_helm_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotAskedError, match="Helm 3 is not on PATH") as told:
        OwnTests(_TARGET, "panda").run(_TEST, 300)
    assert not told.value.absent
