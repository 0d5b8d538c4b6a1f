"""The steps of a failover: their order, what each finds, going on after a kill anywhere, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from panda_infra.errors import PandaInfraError
from panda_infra.failover.steps import Failover, Word
from panda_infra.plan.standby import Role
from tests.support.failing_over import CLUSTERS, FakeSite, Killed, World, token
from tests.unit.plan.test_postgres import BACKUP, sections

_OPERATED = sections({"idds": {"size": "1Gi"}}, BACKUP) | {
    "components": {
        "msgsvc": {},
        "idds": {
            "postgres": {"enabled": False},
            "settings": {"database": {"host": "panda-idds-postgres-rw"}},
        },
    }
}
_DATABASE = f"{CLUSTERS.format('panda')}/panda-idds-postgres"


def deployed(made: dict[str, Any] = _OPERATED) -> World:
    """A pair that was deployed: `a` is active, `b` stands by."""
    world = World(made)
    a, b = (world.site(name, {"of": "a", "by": "b"}) for name in ("a", "b"))
    a.up()
    b.up()
    world.changes = 0
    world.done.clear()
    return world


def run(world: World, old: str = "a", new: str = "b", **word: bool) -> list[str]:
    said: list[str] = []
    Failover(world.sites[old], world.sites[new], Word(**word), 0.0, said.append).run()
    return said


def ends(world: World, active: str, term: int) -> None:
    """Both files and both clusters have the same roles; the services of one run."""
    for name, site in world.sites.items():
        section = site.config().standby
        assert section
        assert (section.of, section.term) == (active, term)
        assert site.recorded == Role(name == active, term, section.other(name))
        assert bool(site.pods()) == (name == active)
        assert site.writable() == (name == active and "postgres" in world.sections)


def test_the_steps_are_taken_in_their_order() -> None:
    world = deployed()
    said = run(world)
    assert world.done == [
        "write b",
        "write a",
        "database a panda-idds-postgres",
        "deploy a msgsvc",
        "deploy a idds",
        "mark a",
        "write b",
        "mark b",
        "database b panda-idds-postgres",
        "deploy b msgsvc",
        "deploy b idds",
    ]
    assert [line[0] for line in said if line[0] != " "] == ["1", "2", "3", "4", "5"]
    assert "   panda-idds-postgres of b is 4 s behind" in said
    section = world.sites["b"].config().standby
    assert section
    assert section.tokens == {"idds": token(1)}
    ends(world, "b", 2)


def test_what_was_done_is_found_and_skipped() -> None:
    world = deployed()
    run(world)
    before = list(world.done)
    said = run(world)
    assert world.done == before
    assert [line for line in said if line.endswith(": done before")] == [
        "2. stack files: done before",
        "3. fence a: done before",
        "4. promote the databases of b: done before",
        "5. start the services of b: done before",
    ]


def test_it_goes_back_and_forth() -> None:
    world = deployed()
    for term, (old, new) in enumerate((("a", "b"), ("b", "a"), ("a", "b")), 2):
        run(world, old, new)
        ends(world, new, term)


@pytest.mark.parametrize("back", [False, True])
def test_it_goes_on_after_a_kill_anywhere(back: bool) -> None:
    for number in itertools.count():
        world, ways = deployed(), (("a", "b"), ("b", "a"))
        if back:
            run(world)
        old, new = ways[back]
        world.kill = world.changes + number
        try:
            run(world, old, new)
        except Killed:
            run(world, old, new)
        else:
            assert number > 10
            break
        ends(world, new, 3 if back else 2)


def test_it_goes_on_after_the_engine_has_failed() -> None:
    for name in ("a", "b"):
        world = deployed()
        world.sites[name].broken = True
        with pytest.raises(PandaInfraError, match="is not deployed as its file describes it"):
            run(world)
        world.sites[name].broken = False
        run(world)
        ends(world, "b", 2)


def test_an_old_file_starts_nothing() -> None:
    world = deployed()
    a = world.sites["a"]
    old = a.sections
    a.sections = {**old, "standby": dict(old["standby"])}
    run(world)
    a.sections = old
    assert old["standby"] == {"of": "a", "by": "b"}
    with pytest.raises(PandaInfraError, match="this file is out of date"):
        a.up()
    assert not a.pods()


def test_a_hand_cannot_start_the_other_stack_before_this_one_has_stopped() -> None:
    world = deployed()
    world.sites["a"].broken = True
    with pytest.raises(PandaInfraError):
        run(world)
    with pytest.raises(PandaInfraError, match="a has not stopped"):
        world.sites["b"].up()
    assert not world.sites["b"].pods()


def test_a_site_that_does_not_answer_must_be_confirmed_to_be_off() -> None:
    world = deployed()
    a, b = world.sites["a"], world.sites["b"]
    a.lost = True
    with pytest.raises(PandaInfraError, match="add --fenced") as refused:
        run(world)
    assert "does not answer, so that nothing can stop it" in str(refused.value)
    assert world.done == []
    _turn_off(a)
    said = run(world, fenced=True)
    assert any("left out, it does not answer" in line for line in said)
    assert b.recorded == Role(True, 2, "a")
    assert b.writable()
    section = b.config().standby
    assert section
    assert (section.fenced, section.tokens) == (2, {})
    assert run(world, fenced=True)[-1].endswith("done before")


def test_a_site_that_refuses_the_credential_is_not_off_whatever_was_confirmed() -> None:
    world = deployed()
    world.sites["a"].refuses = True
    with pytest.raises(PandaInfraError, match=r"(?s)answers 401.*so that it is not off.*renew that first"):
        run(world, fenced=True)
    assert world.done == []
    assert world.sites["a"].pods()


def test_one_that_was_off_comes_back_as_standby() -> None:
    world = deployed()
    a = world.sites["a"]
    a.lost = True
    pods = _turn_off(a)
    run(world, fenced=True)
    a.lost = False
    a.cluster.objects |= pods
    with pytest.raises(AssertionError, match="both"):
        world.changing("what was off works again")
    world.sites["b"].cluster, kept = type(a.cluster)(), world.sites["b"].cluster
    a.up()
    world.sites["b"].cluster = kept
    assert (a.recorded, a.pods()) == (Role(False, 2, "b"), [])
    said = run(world)
    assert "4. promote the databases of b: done before" in said


def _turn_off(site: FakeSite) -> dict[str, Any]:
    """Everything there ends, as a person has confirmed."""
    gone = {
        path: each for path, each in site.cluster.objects.items() if "/pods/" in path or "/clusters/" in path
    }
    for path in gone:
        del site.cluster.objects[path]
    return gone


def test_a_kill_while_a_site_is_lost() -> None:
    for number in itertools.count():
        world = deployed()
        world.sites["a"].lost = True
        _turn_off(world.sites["a"])
        world.kill = number
        try:
            run(world, fenced=True)
        except Killed:
            run(world, fenced=True)
        else:
            break
        assert world.sites["b"].recorded == Role(True, 2, "a")
        assert world.sites["b"].pods()


def test_what_is_no_standby_is_refused() -> None:
    world = deployed()
    b = world.sites["b"]
    for role in (None, Role(True, 1, "a")):
        b.recorded = role
        with pytest.raises(PandaInfraError, match="b is not deployed as one that stands by"):
            run(world)
    b.recorded = Role(False, 1, "a")
    b.cluster.objects[_DATABASE]["status"]["conditions"] = []
    b.cluster.objects[_DATABASE]["status"]["phase"] = "Setting up primary"
    with pytest.raises(PandaInfraError, match="do not follow: panda-idds-postgres: Setting up primary"):
        run(world)
    del b.cluster.objects[_DATABASE]
    with pytest.raises(PandaInfraError, match="panda-idds-postgres: is not there"):
        run(world)
    assert world.done == []


def test_what_cannot_be_archived_is_not_fenced() -> None:
    world = deployed()
    failing = {"type": "ContinuousArchiving", "status": "False"}
    world.sites["a"].cluster.objects[_DATABASE]["status"]["conditions"].append(failing)
    with pytest.raises(PandaInfraError, match="cannot archive what it writes"):
        run(world)
    assert world.done == []


def test_stacks_that_are_no_pair_are_refused() -> None:
    world = deployed()
    world.sites["b"].sections["standby"] = {"of": "c", "by": "b"}
    with pytest.raises(PandaInfraError, match=r"no pair: Pulumi\.b\.yaml does not name both"):
        run(world)
    del world.sites["a"].sections["standby"]
    with pytest.raises(PandaInfraError, match=r"no pair: Pulumi\.a\.yaml"):
        run(world)


def test_databases_of_the_site_are_confirmed() -> None:
    idds = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    world = deployed({"hosts": {}, "components": {"msgsvc": {}, "idds": idds}})
    with pytest.raises(PandaInfraError, match=r"db\.site\.org: databases of the site.*--databases-promoted"):
        run(world)
    assert not world.sites["a"].pods()
    assert not world.sites["b"].pods()
    said = run(world, promoted=True)
    assert "   db.site.org: of the site, and confirmed" in said
    ends(world, "b", 2)
    assert run(world)[-1].endswith("done before")


def test_databases_of_the_site_are_not_promoted_while_the_former_ones_are_written_to() -> None:
    """A confirmation with the first command cannot be true: what is written until the fence would be lost."""
    idds = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    world = deployed({"hosts": {}, "components": {"msgsvc": {}, "idds": idds}})
    with pytest.raises(
        PandaInfraError, match=r"db\.site\.org: --databases-promoted was given while a still wrote"
    ):
        run(world, promoted=True)
    assert [site.pods() for site in world.sites.values()] == [[], []]
    run(world, promoted=True)
    ends(world, "b", 2)


def test_a_confirmation_is_too_early_while_pods_are_ending() -> None:
    idds = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.site.org"}}}
    world = deployed({"hosts": {}, "components": {"msgsvc": {}, "idds": idds}})
    a = world.sites["a"]
    labels = {"app.kubernetes.io/instance": "panda-idds", "app.kubernetes.io/name": "rest"}
    path = "/api/v1/namespaces/panda/pods/ending"
    a.cluster.objects[path] = {"metadata": {"name": "ending", "labels": labels, "deletionTimestamp": "now"}}
    with pytest.raises(PandaInfraError, match="do not end"):
        run(world)
    ending = a.cluster.call

    def call(method: str, asked: str, **more: Any) -> Any:
        answer = ending(method, asked, **more)
        if asked.endswith("/pods") and "ending" in str(answer):
            a.cluster.objects.pop(path, None)
        return answer

    a.cluster.call = call  # type: ignore[method-assign,assignment]
    with pytest.raises(PandaInfraError, match="was given while a still wrote"):
        run(world, promoted=True)


def test_pods_that_do_not_end_are_named() -> None:
    world = deployed()
    a = world.sites["a"]
    labels = {"app.kubernetes.io/instance": "panda-idds", "app.kubernetes.io/name": "rest"}
    hanging = {"metadata": {"name": "stuck", "labels": labels, "deletionTimestamp": "now"}}
    a.cluster.objects["/api/v1/namespaces/panda/pods/stuck"] = hanging
    with pytest.raises(PandaInfraError, match="pods of a do not end within 0 s: stuck"):
        run(world)
    assert not world.sites["b"].pods()


def test_an_old_token_promotes_nothing() -> None:
    world = deployed()
    run(world)
    run(world, "b", "a")
    a = world.sites["a"]
    assert a.cluster.objects[_DATABASE]["status"]["demotionToken"] == token(1)
    run(world)
    section = world.sites["b"].config().standby
    assert section
    assert section.tokens == {"idds": token(2)}
