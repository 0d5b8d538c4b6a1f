"""Comments that a later push leaves behind, on both forges over real HTTP."""

from __future__ import annotations

from panda_infra.clients.forges.forge import Forge
from panda_infra.review.comment import marker
from panda_infra.review.compare import StackChange
from panda_infra.review.tidy import tidy, tidy_all
from tests.support import forge as forges
from tests.unit.review.conftest import REQUEST, commented, texts

STILL = StackChange("sphenix", "changed", {}, (), ("its secrets were encrypted anew",))
GONE = StackChange("old", "removed", {}, (), ("its stack file is gone",))


def test_a_stack_that_is_not_touched_any_more_says_so(forge: Forge, content: forges.Content) -> None:
    commented(content, "doma", "sphenix")
    assert tidy(forge, REQUEST, [STILL], "c0ffee") == ("doma",)
    reported = texts(content)
    assert "no change any more" in reported["doma"]
    assert reported["sphenix"] == f"{marker('sphenix')}\nas previewed"


def test_a_removed_stack_gets_a_comment_of_its_own(forge: Forge, content: forges.Content) -> None:
    commented(content, "doma")
    assert tidy(forge, REQUEST, [GONE], "c0ffee") == ("old", "doma")
    assert "A merge destroys nothing" in texts(content)["old"]
    # Later the file is back.
    assert set(tidy(forge, REQUEST, [], "c0ffee")) == {"old", "doma"}
    assert "no change any more" in texts(content)["old"]
    assert len(content.comments[REQUEST]) == 3


def test_when_nothing_can_be_previewed_every_comment_says_why(forge: Forge, content: forges.Content) -> None:
    commented(content, "doma", "sphenix")
    assert tidy_all(forge, REQUEST, "its own code gave no Plans") == ("doma", "sphenix")
    assert all("its own code gave no Plans" in text for text in texts(content).values())
    assert content.comments[REQUEST][0]["body"] == "somebody's words"
