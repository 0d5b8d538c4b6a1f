"""The report as JSON and JUnit, whatever a pod has printed."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.products.verification import Check, Command
from panda_infra.verify.report import as_data, as_junit
from panda_infra.verify.requirements import judged
from panda_infra.verify.results import Outcome, Result

_CHECK = Check("panda.alive", "It is alive", "PANDA-API", Command("panda/server", ()))
_RESULTS = [
    Result(_CHECK, Outcome.OK, "status 200", 0.25),
    Result(_CHECK, Outcome.FAILED, 'no <answer> & "why"', 1.0),
    Result(_CHECK, Outcome.SKIPPED, "simulated", 0.0),
]


def test_json_has_checks_and_requirements() -> None:
    found = json.loads(
        json.dumps(as_data("demo", _RESULTS, judged(_RESULTS, {"PANDA-API": "Servers answer."})))
    )
    assert found["stack"] == "demo"
    assert found["checks"][0] == {
        "name": "panda.alive",
        "title": "It is alive",
        "requirement": "PANDA-API",
        "result": "ok",
        "detail": "status 200",
        "absent": False,
        "seconds": 0.25,
    }
    assert found["requirements"] == [
        {
            "id": "PANDA-API",
            "title": "Servers answer.",
            "result": "failed",
            "checks": ["panda.alive"] * 3,
        }
    ]


def test_junit_counts_and_names_requirements() -> None:
    (suite,) = ElementTree.fromstring(as_junit("demo", _RESULTS))
    assert {key: suite.attrib[key] for key in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    good, bad, skipped = suite.findall("testcase")
    assert (good.attrib["classname"], good.attrib["name"]) == ("panda", "panda.alive")
    assert good.findtext("system-out") == "status 200"
    assert bad.find("failure") is not None
    assert getattr(bad.find("failure"), "attrib", {})["message"] == 'no <answer> & "why"'
    assert skipped.find("skipped") is not None
    properties = {each.attrib["name"]: each.attrib["value"] for each in good.iter("property")}
    assert properties == {"requirement": "PANDA-API", "title": "It is alive"}


@given(st.text())
def test_junit_is_xml_whatever_was_printed(text: str) -> None:
    results = [Result(_CHECK, outcome, text, 0.0) for outcome in Outcome]
    (suite,) = ElementTree.fromstring(as_junit("demo", results))
    assert len(suite.findall("testcase")) == len(results)
