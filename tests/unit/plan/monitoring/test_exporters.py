"""Names and hosts of exporters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.plan.monitoring.exporters import exporters, shortened
from tests.support import ctao
from tests.support.stacks import stack

_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,150}[a-z0-9])?", fullmatch=True)


@given(_NAMES, _NAMES)
def test_a_shortened_name_fits_and_is_nobody_elses(one: str, other: str) -> None:
    short = shortened(one)
    assert len(short) <= 63
    assert not short.startswith("-")
    assert not short.endswith("-")
    assert (short == shortened(other)) == (one == other)


def test_a_short_name_stays() -> None:
    assert shortened("exporter-panda-postgres") == "exporter-panda-postgres"


def test_heartbeats_are_read_wherever_the_database_is() -> None:
    outside = {"kind": "external", "host": "db.site.org"}
    found = {
        each.exporter.name: each
        for each in exporters(
            ctao.stack(
                monitoring={"kind": "annotations"},
                components={
                    name: each for name, each in ctao.RUCIO["components"].items() if name != "rucio-db"
                },
                hosts=ctao.RUCIO["hosts"],
                interfaces={"environment": "staging", "rucioDatabase": outside},
            )
        )
    }
    assert found.keys() == {"heartbeats", "hosts"}
    address = found["heartbeats"].exporter.variables(
        ctao.stack(interfaces={"environment": "staging", "rucioDatabase": outside})
    )
    assert address["DATA_SOURCE_URI"].endswith("sslmode=require")


def test_without_daemons_there_are_no_heartbeats() -> None:
    components = {name: each for name, each in ctao.COMPONENTS.items() if name != "rucio-daemons"}
    made = exporters(ctao.stack(monitoring={"kind": "annotations"}, components=components))
    assert "heartbeats" not in {each.exporter.name for each in made}


def test_without_the_section_there_are_none() -> None:
    assert exporters(stack()) == ()
