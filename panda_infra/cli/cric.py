"""`cric`: fetches CRIC's lists into files of the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.errors import group
from panda_infra.cli.output import JsonFlag, line, say, show_json
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.cric import Access, download, without_query
from panda_infra.cric.addresses import LISTS, addresses
from panda_infra.cric.changes import Change, as_file, changes
from panda_infra.cric.writing import write_all
from panda_infra.errors import PandaInfraError, Problem, StackError
from panda_infra.products.panda.cric import CricSettings, asked
from panda_infra.products.panda.cric_lists import check_files, files_of
from panda_infra.products.panda.cric_readers import flaws
from panda_infra.stacks.project import Project

__all__ = ["cric"]

_SHOWN = 10  # entries of a kind that are printed; --json prints all

cric = group("CRIC's lists as files, for stacks that run without CRIC.")


@cric.command()
def fetch(  # noqa: PLR0917 - typer makes options of parameters
    stack: StackArgument,
    url: Annotated[
        str, typer.Option(metavar="URL", help="CRIC, or its API, e.g. https://datalake-cric.cern.ch.")
    ],
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--list",
            metavar="NAME=URL",
            help="Another address of a list, whole or below the API, repeatable; an empty one leaves the list as it "
            f"is. NAME is one of {', '.join(LISTS)}.",
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(help="File or folder of certificates to trust instead of the machine's, in PEM form."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate or grid proxy to identify with, in PEM form.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key, where that is in a file of its own.")] = None,
    timeout: Annotated[int, typer.Option(min=1, max=3600, help="Seconds for all answers.")] = 60,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fetch CRIC's lists into the folder of a stack that runs without CRIC (`cric.folder`), and show what changes.

    Each list is judged as by `check`; if one cannot be fetched or is invalid, none is written. Lists that are not
    fetched stay. The next `pulumi up` updates one Secret and restarts no pod.

    **Examples**

    - `cric fetch mine --url https://datalake-cric.cern.ch --dry-run`
    - `cric fetch mine --url https://cric.example.org/api/atlas --ca /etc/grid-security/certificates --certificate
      /tmp/x509up_u1000`
    - `cric fetch mine --url https://datalake-cric.cern.ch --list "panda_queues=pandaqueue/query/?json&vo_name=mine"`
    """
    if key and not certificate:
        raise typer.BadParameter("--key belongs to a --certificate")
    here = project()
    folder = _folder(here, stack)
    wanted = addresses(url, _given(lists or []))
    before = files_of(here.folder / folder)
    fetched = _fetched(folder, wanted, before, Access(ca, certificate, key, timeout))
    found = {name: changes(before.get(name), content) for name, content in fetched.items()}
    if as_json:
        show_json({name: vars(change) for name, change in found.items()})
    else:
        for name, change in found.items():
            _show(name, change, is_new=name not in before)
    changed = {name: content for name, content in fetched.items() if content != before.get(name)}
    if not changed:
        say(f"{folder} has these lists already")
    elif dry_run:
        say(f"would write {', '.join(changed)} to {folder}")
    else:
        write_all(here.folder / folder, changed)
        say(f"wrote {', '.join(changed)} to {folder}, of {', '.join(_readers(here, folder))}")


def _given(lists: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in lists]
    for name, equals, _ in pairs:
        if not equals or name not in LISTS:
            raise typer.BadParameter(f"--list {name}: write NAME=URL with one of {', '.join(LISTS)}")
    return {name: url for name, _, url in pairs}


def _folder(here: Project, stack: str) -> Path:
    config = here.load(stack).config
    if asked(config) is None:
        return Path(config.of(CricSettings).folder)
    what = "is not false: the stack asks CRIC itself and reads no files"
    fix = f"Write e.g. `cric: {{real: false, folder: cric_jsons/{stack}}}` into it."
    raise StackError(here.file(stack).name, [Problem("cric.real", what, fix)])


def _fetched(
    folder: Path, wanted: Mapping[str, str], before: Mapping[str, bytes], access: Access
) -> dict[str, bytes]:
    """The new content of each file, valid on its own and together with the lists that stay.

    Raises:
        StackError: with every problem.
    """
    fetched: dict[str, bytes] = {}
    problems: list[Problem] = []
    for name, answer in download(wanted, access).items():
        if isinstance(answer, PandaInfraError):
            problems.append(Problem(f"{folder}/{name}", "cannot be fetched", str(answer)))
        else:
            fetched[name] = answer
    how = {name: f"CRIC gives it so: {without_query(wanted[name])}" for name in fetched}
    after = {name: _after(name, before.get(name), content) for name, content in fetched.items()}
    for name, what in check_files({**before, **after}):
        if name in wanted and name not in fetched:
            continue  # the reason is already reported
        fix = how.get(name, "Correct it, or fetch it too, by `--list`.")
        problems.append(Problem(f"{folder}/{name}", what, fix))
    if problems:
        raise StackError(str(folder), problems)
    return after


def _after(name: str, before: bytes | None, answer: bytes) -> bytes:
    """The new content of a file: unchanged if the lists are equal, and the plain answer if that is invalid."""
    if any(flaws(name, answer)):
        return answer
    if before is not None and not any(flaws(name, before)) and not changes(before, answer):
        return before
    return as_file(answer)


def _readers(here: Project, folder: Path) -> list[str]:
    """The stacks that read a folder."""
    found = []
    for stack in here.stacks:
        try:
            config = here.load(stack).config
        except StackError:
            continue  # `check` reports it
        if asked(config) is None and Path(config.of(CricSettings).folder) == folder:
            found.append(stack)
    return found


def _show(name: str, change: Change, *, is_new: bool) -> None:
    counts = {"added": len(change.added), "removed": len(change.removed), "changed": len(change.changed)}
    counted = [f"{count} {what}" for what, count in counts.items() if count]
    line(f"{name}{' (new)' * is_new}: {', '.join([*counted, f'{change.same} as before'])}")
    fields = {entry: f": {', '.join(changed)}" * bool(changed) for entry, changed in change.changed.items()}
    for sign, entries in (("+", change.added), ("-", change.removed), ("~", tuple(fields))):
        for entry in entries[:_SHOWN]:
            # Control characters in a foreign name must not reach the terminal.
            shown = f"{entry}{fields.get(entry, '') if sign == '~' else ''}"
            line(f"  {sign} {shown if shown.isprintable() else repr(shown)}")
        if len(entries) > _SHOWN:
            line(f"  {sign} and {len(entries) - _SHOWN} more")
