"""With which values Helm is called, and which the engine gets, where others own some."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from panda_infra.guard.others import SECRET, as_wanted, owned_in, with_others
from panda_infra.helm.others import Found

OWNED = {"ownedByOthers": ["replicaCount", "image.tag"], "replicaCount": 1}


def properties(**values: Any) -> Struct:
    made = Struct()
    made.update({"name": "panda", "values": values})
    return made


def deployed(wanted: Struct, *found: Found) -> dict[str, Any]:
    values: dict[str, Any] = MessageToDict(with_others(wanted, found))["values"]
    return values


def test_what_others_own_is_read_from_the_values() -> None:
    assert owned_in(properties(server=OWNED, jedi={"replicaCount": 1}, global_="x")) == {
        "server": frozenset({"replicaCount", "image.tag"})
    }
    assert owned_in(Struct()) == {}


def test_helm_gets_what_the_cluster_has_and_the_call_stays_as_it_was() -> None:
    wanted = properties(server=OWNED)
    found = deployed(wanted, Found("server", 4, "ghcr.io/panda", "2.0"))
    assert found["server"] == OWNED | {"replicaCount": 4, "image": {"tag": "2.0"}}
    assert MessageToDict(wanted)["values"]["server"] == OWNED


def test_nothing_found_changes_nothing() -> None:
    assert deployed(properties(server=OWNED)) == {"server": OWNED}
    assert deployed(properties(server=OWNED), Found("server")) == {"server": OWNED}


def test_the_tag_of_another_image_is_not_taken() -> None:
    image = {"repository": "ghcr.io/fork", "tag": "1.0"}
    wanted = properties(server=OWNED | {"image": image})
    assert deployed(wanted, Found("server", None, "ghcr.io/panda", "2.0"))["server"]["image"] == image
    own = deployed(wanted, Found("server", None, "ghcr.io/fork", "2.0"))["server"]["image"]
    assert own == image | {"tag": "2.0"}


def test_a_digest_is_taken_as_it_is() -> None:
    digest = Found("server", None, "ghcr.io/panda:2@sha256", "abc")
    image = deployed(properties(server=OWNED), digest)["server"]["image"]
    assert f"{image['repository']}:{image['tag']}" == "ghcr.io/panda:2@sha256:abc"


def test_the_engine_is_reported_what_was_wanted_and_the_rest_as_it_is() -> None:
    wanted = properties(server=OWNED | {"image": {"repository": "a"}}, jedi={"replicaCount": 1})
    there = {"replicaCount": 4, "image": {"repository": "a@sha256", "tag": "2.0", "pullPolicy": "Always"}}
    answer = properties(server=OWNED | there | {"resources": None}, jedi={"replicaCount": 4})
    inputs = {"values": {"server": {"replicaCount": 4}}}
    answer.update(
        {"__inputs": {SECRET: "1b47061264138c4ac30d75fd1eb44270", "value": inputs}, "status": "deployed"}
    )
    as_wanted(answer, wanted)
    reported = MessageToDict(answer)
    server = OWNED | {"image": {"repository": "a", "pullPolicy": "Always"}, "resources": None}
    assert reported["values"] == {"server": server, "jedi": {"replicaCount": 4}}
    assert reported["__inputs"]["value"]["values"]["server"]["replicaCount"] == 1
    assert reported["status"] == "deployed"


def test_what_the_answer_does_not_have_is_not_added() -> None:
    answer = properties(jedi={"replicaCount": 4})
    as_wanted(answer, properties(server=OWNED))
    assert "server" not in answer["values"]
    empty = Struct()
    as_wanted(empty, properties(server=OWNED))
    assert not empty.fields


def test_an_image_that_was_not_named_is_not_named_again() -> None:
    answer = properties(server=OWNED | {"image": {"tag": "2.0"}})
    as_wanted(answer, properties(server=OWNED))
    assert MessageToDict(answer)["values"] == {"server": OWNED}


def test_without_other_owners_the_answer_is_the_official_one() -> None:
    answer = properties(server={"replicaCount": 4})
    as_wanted(answer, properties(server={"replicaCount": 1}))
    assert MessageToDict(answer)["values"] == {"server": {"replicaCount": 4}}
