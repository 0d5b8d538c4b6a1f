"""A value is put into a YAML file, and every other character stays."""

from __future__ import annotations

import pytest

from panda_infra.stacks.yaml_text import PlaceError, put
from tests.support import fast_yaml

_PLACE = ("config", "s", "a", "b", "secure")
_CASES = {
    "nothing": ("", "config:\n  s:\n    a:\n      b:\n        secure: new\n"),
    "other keys": (
        "x: 1 # one\nconfig:\n  z: 0777 # octal\n\n# the end\n",
        "x: 1 # one\nconfig:\n  z: 0777 # octal\n  s:\n    a:\n      b:\n        secure: new\n\n# the end\n",
    ),
    "no end of the line": (
        "config:\n  z: 1",
        "config:\n  z: 1\n  s:\n    a:\n      b:\n        secure: new\n",
    ),
    "an empty section": (
        "config:\n  s: {} # none\n  t: 1\n",
        "config:\n  s: # none\n    a:\n      b:\n        secure: new\n  t: 1\n",
    ),
    "a section of nothing": (
        "config:\n  s: # none\n  t: 1\n",
        "config:\n  s: # none\n    a:\n      b:\n        secure: new\n  t: 1\n",
    ),
    "a neighbour": (
        "config:\n  s:\n    a:\n      c: {secure: old}\n      # about a\n    d: |\n      #text\n\n  t: 1\n",
        "config:\n  s:\n    a:\n      c: {secure: old}\n      b:\n        secure: new\n      # about a\n"
        "    d: |\n      #text\n\n  t: 1\n",
    ),
    "a text of several lines before": (
        "config:\n  s:\n    z: |+\n      #text\n\n",
        "config:\n  s:\n    z: |+\n      #text\n\n    a:\n      b:\n        secure: new\n",
    ),
    "in braces": ("config: {s: {d: 1}} # x", "config: {s: {a: {b: {secure: new}}, d: 1}} # x"),
    "in empty braces": ("config: {s: {}}", "config: {s: {a: {b: {secure: new}}}}"),
    "in braces with an anchor": (
        "config:\n  s: &x {d: 1}\n  t: *x\n",
        "config:\n  s: &x {a: {b: {secure: new}}, d: 1}\n  t: *x\n",
    ),
    "a former value": (
        "config:\n  s:\n    a:\n      b:\n        secure: old # since May\n      c: 1\n",
        "config:\n  s:\n    a:\n      b:\n        secure: new # since May\n      c: 1\n",
    ),
    "a former value in quotes": (
        "config: {s: {a: {b: {secure: 'old'}, c: 1}}}",
        "config: {s: {a: {b: {secure: new}, c: 1}}}",
    ),
    "a former value of several lines": (
        "config:\n  s:\n    a:\n      b:\n        secure: >-\n          old\n          er\n      c: 1\n",
        "config:\n  s:\n    a:\n      b:\n        secure: new\n      c: 1\n",
    ),
    "a plain text": (
        "config:\n  s:\n    a:\n      b: plain # oh\n",
        "config:\n  s:\n    a:\n      b: {secure: new} # oh\n",
    ),
    "a plain text of several lines": (
        "config:\n  s:\n    a:\n      b: |\n        two\n        lines\n      c: 1\n",
        "config:\n  s:\n    a:\n      b: {secure: new}\n      c: 1\n",
    ),
    "an alias of a value": (
        "x: &v {secure: old}\nconfig:\n  s:\n    a:\n      b: *v\n      c: *v\n",
        "x: &v {secure: old}\nconfig:\n  s:\n    a:\n      b: {secure: new}\n      c: *v\n",
    ),
    "ends of lines of another system": (
        "config:\r\n  z: 1\r\n  s:\r\n    d: 1\r\n",
        "config:\r\n  z: 1\r\n  s:\r\n    d: 1\r\n    a:\r\n      b:\r\n        secure: new\r\n",
    ),
    "signs of many bytes": (
        "\ufeffé: '☃'\nconfig:\n  \U0001f600: 1 # ☃\n",
        "\ufeffé: '☃'\nconfig:\n  \U0001f600: 1 # ☃\n  s:\n    a:\n      b:\n        secure: new\n",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), _CASES.values(), ids=_CASES)
def test_only_the_value_is_new(text: str, wanted: str) -> None:
    assert put(text, _PLACE, "new") == wanted


@pytest.mark.parametrize("name", ["a.pem", "12", "on", "a b", 'q"', "#x", "é"])
def test_names_come_back_as_they_are(name: str) -> None:
    for text in ("s: {}", "s:\n  z: 1\n", "{s: {z: 1}}"):
        assert fast_yaml.load(put(text, ("s", name), "12"))["s"][name] == "12"


@pytest.mark.parametrize(
    "text",
    [
        "config: [1]",
        "config: text",
        "config: {s: {a: text}}",
        "config: {s: {a: {b: {secure: {c: 1}}}}}",
        "x: &x {a: {c: 1}}\nconfig: {s: *x}",
        "x: &x {a: {c: 1}}\nconfig: {s: {<<: *x}}",
    ],
)
def test_what_would_change_more_is_refused(text: str) -> None:
    with pytest.raises(PlaceError):
        put(text, _PLACE, "new")


def test_a_number_stays_a_number() -> None:
    assert (
        put("config:\n  s:\n    term: 1 # now\n", ("config", "s", "term"), 2)
        == "config:\n  s:\n    term: 2 # now\n"
    )
    assert put("config: {s: {}}", ("config", "s", "term"), 2) == "config: {s: {term: 2}}"
    assert put("config: {term: 1}", ("config", "term"), "2") == "config: {term: '2'}"
