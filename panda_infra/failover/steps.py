"""The steps of a failover, in their order; each looks first whether it was done before.

Nothing is kept beside the stack files and what is deployed, so that a command that was killed goes on when it is
started again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from panda_infra.clients.kubernetes.objects import false_conditions
from panda_infra.config.standby import Standby
from panda_infra.errors import PandaInfraError, shortened
from panda_infra.failover.databases import (
    behind,
    demotion_token,
    found,
    is_promoted,
    of_the_site,
    unready,
)
from panda_infra.failover.site import Site, pair_of, plan_of
from panda_infra.live.roles import live_role, not_running, not_stopped
from panda_infra.plan.postgres import operated
from panda_infra.plan.standby import Role

__all__ = ["Failover", "Word"]

_PAUSE = 1.0
_SHOWN = 5


@dataclass(frozen=True)
class Word:
    """A person's confirmations: that the former active stack is off, and that the site's databases are promoted."""

    fenced: bool = False
    promoted: bool = False


@dataclass
class Failover:
    """A failover from ``old`` to ``new``; each wait ends after ``seconds``, and ``say`` prints the progress."""

    old: Site
    new: Site
    word: Word
    seconds: float
    say: Callable[[str], None]

    def run(self) -> None:
        """Take every step that is not done yet.

        Raises:
            PandaInfraError: a step is refused or fails; what was done before stays, and the next run goes on there.
        """
        term, switched = self._term()
        self.say(f"1. look: {self.new.stack} takes over from {self.old.stack} as active, term {term}")
        answers = self._old_answers()
        if not switched:
            self._look(answers)
        self._files(term, switched=switched, answers=answers)
        stopped = True
        if answers:
            stopped = self._fence(Role(False, term, self.new.stack))
        else:
            self.say(f"3. fence {self.old.stack}: left out, it does not answer and was confirmed to be off")
        self._promote(Role(True, term, self.old.stack), answers=answers, stopped=stopped)
        self._serve(Role(True, term, self.old.stack))

    def _term(self) -> tuple[int, bool]:
        """The term after the failover, and whether both files have it already."""
        sections = pair_of(self.old, self.new)
        done = [section for section in sections if section.of == self.new.stack]
        term = max(section.term for section in done or sections) + (not done)
        return term, len(done) == len(sections) and len({section.term for section in done}) == 1

    def _old_answers(self) -> bool:
        """True if the former active stack answers and can be stopped; False if somebody has confirmed that it is off.

        Raises:
            PandaInfraError: it does not answer, and nobody has confirmed that it is off, or it refuses the credential.
        """
        try:
            self.old.api()
        except PandaInfraError as error:
            if self.word.fenced:
                if self.old.answers():
                    raise PandaInfraError(
                        f"{error}\nSomething answers at the address of {self.old.stack}, so that it is not off, and "
                        "nothing was changed: without --fenced it is stopped properly. If it refuses the credential, "
                        "renew that first"
                    ) from None
                self.say(f"   {self.old.stack} does not answer: {error}")
                return False
            raise PandaInfraError(
                f"{self.old.stack} does not answer, so that nothing can stop it: {error}\n"
                "If it still worked, both stacks would write. See that it is off for good, e.g. that its nodes are "
                "shut down, then confirm it: add --fenced"
            ) from None
        return True

    def _look(self, answers: bool) -> None:
        """Refuse if the stack that stands by cannot take over.

        Raises:
            PandaInfraError: it cannot.
        """
        plan, role = plan_of(self.new), self.new.role()
        if role is None or role.active:
            is_what = "is not deployed as one that stands by"
            raise PandaInfraError(
                f"{self.new.stack} {is_what}: run `pulumi up --stack {self.new.stack}` first"
            )
        api = self.new.api()
        if missing := unready(plan, api):
            raise PandaInfraError(f"databases of {self.new.stack} do not follow: {'; '.join(missing)}")
        for each in operated(plan):
            self.say(f"   {each.cluster} of {self.new.stack} {behind(plan, api, self.new.inside(), each)}")
        if answers:
            former = plan_of(self.old)
            for each in operated(former):
                if "ContinuousArchiving" in false_conditions(found(former, self.old.api(), each)):
                    raise PandaInfraError(
                        f"{each.cluster} of {self.old.stack} cannot archive what it writes, so that {self.new.stack} "
                        "would wait for it in vain: correct that first, by the reason in the Cluster's status"
                    )

    def _files(self, term: int, *, switched: bool, answers: bool) -> None:
        """Write the roles into both files."""
        if switched and (answers or self._section().fenced == term):
            self.say("2. stack files: done before")
            return
        values: dict[tuple[str | int, ...], str | int] = {
            ("standby", "of"): self.new.stack,
            ("standby", "by"): self.old.stack,
            ("standby", "term"): term,
        }
        if not answers:
            values["standby", "fenced"] = term
        known = pair_of(self.old, self.new)
        stale = {} if switched else {("standby", "tokens", name): "" for name in known[1].tokens}
        self.new.write(values | stale)
        self.old.write(values)
        self.say(f"2. stack files: {self.new.stack} is active in both. Commit them when this is over")

    def _fence(self, wanted: Role) -> bool:
        """Stop the services of the former active stack, and have its databases follow; true if they were before.

        Raises:
            PandaInfraError: the engine fails, or something does not stop.
        """
        title, plan = f"3. fence {self.old.stack}", plan_of(self.old)
        done = self.old.role() == wanted and live_role(plan, self.old.api()) == wanted
        stopped = done and not not_stopped(plan, self.old.api())
        if done:
            self.say(f"{title}: done before")
        else:
            self.say(f"{title}: services to 0, databases to replicas ...")
            self.old.up()
        self._until(lambda: not_stopped(plan, self.old.api()), f"pods of {self.old.stack} do not end")
        self.say(f"   no pod of {self.old.stack} serves or works")
        return stopped

    def _promote(self, wanted: Role, *, answers: bool, stopped: bool) -> None:
        """Promote the databases of the other data centre, so that they accept writes.

        ``stopped`` is true if nothing wrote to the former ones any more when this command was started.

        Raises:
            PandaInfraError: the engine fails, a database is not promoted in time, or the site has not promoted its own.
        """
        title, plan = f"4. promote the databases of {self.new.stack}", plan_of(self.new)
        if answers and self._section().fenced != wanted.term:
            self._hand_tokens()
            plan = plan_of(self.new)
        hosts = of_the_site(self.new.config())
        if hosts and not self.word.promoted and self.new.role() != wanted:
            raise PandaInfraError(
                f"{', '.join(hosts)}: databases of the site. Nothing writes to them now: promote those of "
                f"{self.new.stack}'s data centre, then start this command again with --databases-promoted"
            )
        if hosts and not stopped and self.new.role() != wanted:
            raise PandaInfraError(
                f"{', '.join(hosts)}: --databases-promoted was given while {self.old.stack} still wrote to the former "
                "ones. Nothing writes to them now. Promote those of the other data centre now; if they were promoted "
                "before, see first that they have all that was written since. Then start this command again"
            )
        if hosts:
            self.say(f"   {', '.join(hosts)}: of the site, and confirmed")
        api, inside = self.new.api(), self.new.inside()

        def following() -> list[str]:
            return [each.cluster for each in operated(plan) if not is_promoted(plan, api, inside, each)]

        if waiting := following():
            self.say(f"{title}: {', '.join(waiting)}; its services start behind them ...")
            self.new.up()
            self._until(following, "databases are not promoted")
            self.say("   promoted")
        else:
            self.say(f"{title}: {'done before' if operated(plan) else 'the stack has none of its own'}")

    def _section(self) -> Standby:
        return pair_of(self.old, self.new)[1]

    def _hand_tokens(self) -> None:
        """Write the positions that the databases must reach into the file of the new active stack."""
        former, known = plan_of(self.old), self._section().tokens
        tokens: dict[str, str] = {}

        def without_token() -> list[str]:
            for each in operated(former):
                token = known.get(each.component) or demotion_token(found(former, self.old.api(), each))
                if token:
                    tokens[each.component] = token
            return [each.cluster for each in operated(former) if each.component not in tokens]

        self._until(without_token, f"the operator has not demoted databases of {self.old.stack}")
        fresh = {name: token for name, token in tokens.items() if known.get(name) != token}
        if fresh:
            self.new.write({("standby", "tokens", name): token for name, token in fresh.items()})
            self.say(f"   nothing that {', '.join(fresh)} wrote last is lost: its mark is in the stack file")

    def _serve(self, wanted: Role) -> None:
        """Start the services, and lead the hosts to them.

        Raises:
            PandaInfraError: the engine fails, or a service does not start.
        """
        title, plan = f"5. start the services of {self.new.stack}", plan_of(self.new)
        if self.new.role() == wanted and not not_running(plan, self.new.api()):
            self.say(f"{title}: done before")
        else:
            self.say(f"{title} ...")
            self.new.up()
            self._until(lambda: not_running(plan, self.new.api()), "services do not run")
            self.say("   all of them run")
        by_program = plan.config.cluster.kind == "magnum" and plan.config.cluster.aliases == "program"
        how = "LanDB aliases lead there" if by_program else "see that DNS leads there"
        if plan.addresses:
            self.say(f"6. hosts {', '.join(plan.addresses)}: {how}")

    def _until(self, left: Callable[[], Sequence[str]], what: str) -> None:
        """Wait until ``left`` returns nothing.

        Raises:
            PandaInfraError: it still returns something after ``seconds``.
        """
        deadline = time.monotonic() + self.seconds
        while names := left():
            if time.monotonic() > deadline:
                raise PandaInfraError(f"{what} within {self.seconds:.0f} s: {shortened(names, most=_SHOWN)}")
            time.sleep(_PAUSE)
