import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from testbed.rehearsal import Delivery, Report, changes, delivered, in_place
from tests.support import stacks
from tools.versions import ARGO_CD

STEPS = {"up": 12.34, "up again": 5.0, "destroy": 3.21}


def event(operation: str, urn: str) -> str:
    return json.dumps(
        {"sequence": 1, "resourcePreEvent": {"metadata": {"op": operation, "urn": urn}}},
        separators=(",", ":"),
    )


def test_a_report_tells_each_step_with_its_time() -> None:
    report = Report("doma", STEPS, (), (), ())
    assert report.passed
    times, verdict = str(report).split("; ")
    assert times == "doma: up 12.3 s, up again 5.0 s, destroy 3.2 s"
    assert verdict == "nothing missing, no change by the second up, nothing left"


@pytest.mark.parametrize(
    ("flaw", "reported"),
    [
        ({"missing": ("panda/panda-server-0: Secret a does not exist",)}, "missing: panda/panda-server-0"),
        ({"changed": ("update urn:panda",)}, "changed by the second up: update urn:panda"),
        ({"left": ("/api/v1/persistentvolumes/a",)}, "left behind: /api/v1/persistentvolumes/a"),
    ],
)
def test_every_flaw_fails_and_is_named(flaw: dict[str, tuple[str, ...]], reported: str) -> None:
    report = replace(Report("doma", STEPS, (), (), ()), **flaw)  # type: ignore[arg-type]
    assert not report.passed
    assert reported in str(report)


def test_changes_are_what_the_engine_did_not_leave_alone() -> None:
    lines = [
        event("same", "a"),
        event("update", "b"),
        event("read", "c"),
        event("delete-replaced", "d"),
        "{",
        "",
    ]
    assert changes("\n".join(lines)) == ("update b", "delete-replaced d")


_OWN = {"version": ARGO_CD, "namespace": "argocd", "existing": False}


@pytest.mark.parametrize(
    ("sections", "delivery", "expected"),
    [
        ({}, None, {}),
        ({}, "helm", {"delivery": "helm"}),
        ({"delivery": "argocd"}, "helm", {"delivery": "helm"}),
        ({}, "argocd", {"delivery": "argocd", "argocd": _OWN}),
        (
            {"delivery": "argocd", "argocd": {"existing": True, "namespace": "cd"}},
            None,
            {"delivery": "argocd", "argocd": {**_OWN, "namespace": "cd"}},
        ),
        (
            {"delivery": {"kind": "argocd", "follow": "main", "byHelm": ["ui"]}},
            None,
            {"delivery": {"kind": "argocd", "byHelm": ["ui"]}, "argocd": _OWN},
        ),
        (
            {"placement": {"evictAfter": 30}},
            "argocd",
            {"delivery": {"kind": "argocd", "byHelm": ["ui"]}, "argocd": _OWN},
        ),
    ],
)
def test_an_argo_cd_that_delivers_is_installed_by_the_stack(
    sections: dict[str, Any], delivery: Delivery | None, expected: dict[str, Any]
) -> None:
    document = {f"panda-infra:{key}": value for key, value in (stacks.sections() | sections).items()}
    found = delivered(document, delivery)
    assert found == {f"panda-infra:{key}": value for key, value in expected.items()}


def placed(folder: Path, **sections: Any) -> dict[str, Any]:
    own = stacks.sections(hosts={}, components={"msgsvc": {}}, **sections)
    file = folder / "Pulumi.demo.yaml"
    file.write_text(yaml.safe_dump({"config": {f"panda-infra:{key}": each for key, each in own.items()}}))
    bed: Any = SimpleNamespace(chart_repository="oci://127.0.0.1:1/charts")
    where: Any = SimpleNamespace(cluster={"kind": "existing", "kubeconfig": "x"})
    return in_place(file, bed, where)


def test_a_stack_of_a_pair_is_rehearsed_as_one_that_is_active(tmp_path: Path) -> None:
    assert "panda-infra:standby" not in placed(tmp_path, standby={"of": "other", "by": "demo"})


def test_certificates_are_made_where_cert_manager_would_issue_them(tmp_path: Path) -> None:
    issued = placed(tmp_path, certificates={"kind": "cert-manager"})
    assert issued["panda-infra:certificates"] == {"kind": "generated"}
    assert "panda-infra:certificates" not in placed(tmp_path)
