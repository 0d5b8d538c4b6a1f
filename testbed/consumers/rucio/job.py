"""Runs of the jobs that the program ships, in the image and with the files of their pods."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from testbed.consumers import postgres
from testbed.consumers.rucio.api import Api
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.real.software import RUCIO, Software

__all__ = ["Database", "Job", "Run"]

_NUMBERS = count(1)
_SHOWN = 600
# On a busy machine, its Python alone takes minutes to start.
_SECONDS = 1200


@dataclass(frozen=True)
class Run:
    """The result of a job's run: its exit code and everything that it printed."""

    code: int
    text: str

    def ends(self, consumer: str, what: str, *words: str, refused: bool = False) -> Check:
        """A check that the run succeeded, or was refused without a traceback, and printed all ``words``."""
        as_expected = (self.code != 0 and "Traceback" not in self.text) if refused else self.code == 0
        passed = as_expected and all(word in self.text for word in words)
        return Check(consumer, what, passed, f"code {self.code}: {self.text[-_SHOWN:]}")


@dataclass(frozen=True)
class Job:
    """A job of the stack: ``consumer`` is its component."""

    sandbox: Sandbox
    consumer: str

    def root(self, variant: str = "", software: Software = RUCIO) -> Root:
        """The root of a new pod of it."""
        container = self.sandbox.container(f"{self.consumer}/job", variant)
        return self.sandbox.root(software, container, name=f"{self.consumer}-{next(_NUMBERS)}")

    def run(
        self,
        variant: str = "",
        software: Software = RUCIO,
        environment: Mapping[str, str] = {},
        api: Api | None = None,
    ) -> Run:
        """Run it once, as a stack file or a variant of it declares it, with an account at the API if there is one."""
        container = self.sandbox.container(f"{self.consumer}/job", variant)
        root = self.root(variant, software)
        if api:
            environment = {**environment, **api.account(root)}
        done = root.run(*container.command, environment=environment, seconds=_SECONDS)
        return Run(done.returncode, done.stdout + done.stderr)

    def started(self) -> subprocess.Popen[bytes]:
        """A run that was started, and continues beside others."""
        container = self.sandbox.container(f"{self.consumer}/job")
        root = self.root()
        return root.start(*container.command).process


@dataclass(frozen=True)
class Database:
    """The database of the stack, seen from inside its pod."""

    root: Root
    name: str
    user: str

    def ask(self, statement: str) -> str:
        """Rows of an answer, a line each."""
        return postgres.query(self.root, self.user, statement, database=self.name)

    def remake(self) -> None:
        """Make the database empty."""
        for statement in (f"DROP DATABASE {self.name} WITH (FORCE)", f"CREATE DATABASE {self.name}"):
            postgres.query(self.root, self.user, statement)

    @property
    def tables(self) -> int:
        """The number of its tables."""
        return int(self.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))

    @property
    def version(self) -> str:
        """The version of its tables; empty without one."""
        return self.ask("SELECT version_num FROM alembic_version")

    @property
    def content(self) -> str:
        """Its tables and columns, to compare them before and after a job."""
        return self.ask(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        )
