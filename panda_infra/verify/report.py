"""The results for other programs: as plain data, and as JUnit's XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from panda_infra.verify.requirements import Requirement
from panda_infra.verify.results import Outcome, Result

__all__ = ["as_data", "as_junit"]

# XML 1.0 has no way to write these.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_data(stack: str, results: Sequence[Result], requirements: Sequence[Requirement]) -> dict[str, Any]:
    """All results as data for JSON."""
    return {
        "stack": stack,
        "checks": [
            {
                "name": result.check.name,
                "title": result.check.title,
                "requirement": result.check.requirement,
                "result": result.outcome,
                "detail": result.detail,
                "absent": result.absent,
                "seconds": round(result.seconds, 3),
            }
            for result in results
        ],
        "requirements": [
            {"id": each.id, "title": each.title, "result": each.verdict, "checks": each.checks}
            for each in requirements
        ],
    }


def as_junit(stack: str, results: Sequence[Result], command: str = "verify") -> str:
    """All results as a test suite: a component is a class, and each case has its requirement as a property."""
    suites = Xml.Element("testsuites")
    suite = Xml.SubElement(
        suites,
        "testsuite",
        name=f"{command} {stack}",
        tests=str(len(results)),
        failures=_count(results, Outcome.FAILED),
        skipped=_count(results, Outcome.SKIPPED),
        errors="0",
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        check = result.check
        case = Xml.SubElement(
            suite, "testcase", classname=check.component, name=check.name, time=f"{result.seconds:.3f}"
        )
        properties = Xml.SubElement(case, "properties")
        Xml.SubElement(properties, "property", name="requirement", value=check.requirement)
        Xml.SubElement(properties, "property", name="title", value=_plain(check.title))
        if result.outcome is Outcome.OK:
            Xml.SubElement(case, "system-out").text = _plain(result.detail)
        else:
            kind = "failure" if result.outcome is Outcome.FAILED else "skipped"
            Xml.SubElement(case, kind, message=_plain(result.detail))
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _count(results: Sequence[Result], outcome: Outcome) -> str:
    return str(sum(result.outcome is outcome for result in results))


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("?", text)
