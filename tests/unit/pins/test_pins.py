"""What a stack runs, with and without pins."""

from __future__ import annotations

from panda_infra.pins.pins import Pin, pins
from tests.support import ctao
from tests.support.stack_files import SAMPLES
from tests.support.stacks import stack

_DIGEST = "sha256:" + "1" * 64


def by_key(**sections: object) -> dict[str, Pin]:
    return {pin.key: pin for pin in pins(stack(**sections))}


def test_the_defaults_of_the_catalog_are_what_runs() -> None:
    found = by_key(components={"msgsvc": {}})
    assert found.keys() == {"components.msgsvc.chart", "components.msgsvc.activemq.image"}
    assert all(pin.tag and pin.repository and pin.digest is None for pin in found.values())


def test_what_the_stack_file_has_wins() -> None:
    image = {"repository": "registry.example.org:5000/a/broker", "tag": "6.1", "digest": _DIGEST}
    chart = {"version": "9.8.7", "digest": _DIGEST}
    found = by_key(components={"msgsvc": {"chart": chart, "activemq": {"image": image}}})
    broker = found["components.msgsvc.activemq.image"]
    assert (broker.repository, broker.name, broker.tag, broker.digest) == (
        "registry.example.org:5000/a/broker",
        "broker",
        "6.1",
        _DIGEST,
    )
    chart_pin = found["components.msgsvc.chart"]
    assert (chart_pin.tag, chart_pin.digest, chart_pin.name) == ("9.8.7", _DIGEST, "msgsvc")


def test_what_does_not_run_needs_no_pin() -> None:
    assert "components.panda.jedi.image" in by_key()
    off = by_key(components={"panda": {"jedi": {"enabled": False}}})
    assert "components.panda.jedi.image" not in off


def test_charts_from_git_are_pinned_by_their_commit() -> None:
    source = {"kind": "git", "url": "https://github.com/PanDAWMS/panda-k8s.git", "revision": "a" * 40}
    kinds = {pin.kind for pin in pins(stack(charts=source))}
    assert kinds == {"image"}


def test_a_chart_that_comes_with_the_program_has_no_digest() -> None:
    found = {pin.key for pin in pins(ctao.stack())}
    assert "components.rucio.chart" in found
    assert "components.rucioBootstrap.chart" not in found
    assert "components.rucio-bootstrap.chart" not in found
    assert "components.rucio-bootstrap.job.image" in found


def test_each_place_is_one_of_the_stack_file() -> None:
    """A value that is written there is what the stack runs then."""
    for name in SAMPLES.stacks:
        for pin in pins(SAMPLES.load(name).config):
            assert pin.path[0] == "components"
            assert pin.tag_path[:-1] == pin.digest_path[:-1] == pin.path
