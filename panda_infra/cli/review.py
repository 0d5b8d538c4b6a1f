"""`review`: previews, comments, deploys and watches a stack; called by workflows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from panda_infra.cli.destroy import YesFlag
from panda_infra.cli.errors import group
from panda_infra.cli.output import interactive, say, write
from panda_infra.cli.plan_changes import TEST_BEDS, changes_between
from panda_infra.cli.reached import where
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.forges.forge import GITHUB_LIMIT, GITLAB_LIMIT
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError
from panda_infra.plan.make import make_plan
from panda_infra.review import comment as comments
from panda_infra.review.commits import CommitError
from panda_infra.review.engine import Engine
from panda_infra.review.preview import read
from panda_infra.review.runs import COMMENT, PLAN, Review, apply, check_drift, forge_of_this_run
from panda_infra.review.tidy import tidy as tidied
from panda_infra.review.tidy import tidy_all
from panda_infra.stacks.page import page

__all__ = ["app"]

app = group("Preview, comment, deploy as reviewed, watch for drift.")


class Platform(StrEnum):
    """The forge whose limit of length a comment keeps."""

    GITHUB = "github"
    GITLAB = "gitlab"

    @property
    def limit(self) -> int:
        """Bytes that a comment may have."""
        return GITHUB_LIMIT if self is Platform.GITHUB else GITLAB_LIMIT


_FOLDER = Path("reviewed")
RequestOption = Annotated[int, typer.Option("--request", help="Number of the pull request or merge request.")]
FolderOption = Annotated[Path, typer.Option("--folder", help="Where what is kept of the review lies.")]
PlatformOption = Annotated[
    Platform, typer.Option("--platform", help="Forge whose limit of length the comment keeps.")
]
CommitOption = Annotated[
    str, typer.Option("--commit", metavar="COMMIT", help="The commit, as the forge names it.")
]
SinceOption = Annotated[
    str,
    typer.Option(
        "--since", metavar="BASE", help="Do nothing when the stack's Plan is the one of this commit."
    ),
]


@app.command()
def preview(
    stack: StackArgument,
    folder: FolderOption = _FOLDER,
    platform: PlatformOption = Platform.GITHUB,
    commit: CommitOption = "",
    since: SinceOption = "",
) -> None:
    """Preview a stack and keep the plan, its seal, a comment and the whole text; changes nothing.

    The preview refreshes the state first. Secret values in the plan are encrypted by the stack's own secrets provider;
    if a kept file contains one in plain text, the file is removed and the command fails. If there is no preview, the
    comment contains the reason.

    Example: `review preview doma --since origin/main`
    """
    if since and not any(change.stack == stack for change in changes_between(since, "HEAD")):
        say(f"stack {stack} is not touched")
        return
    previewed = Review(_engine(stack), folder).make(platform.limit, commit, _page(stack))
    typer.echo((folder / COMMENT).read_text(encoding="utf-8"))
    if previewed.errors:
        raise typer.Exit(1)


@app.command()
def comment(
    stack: StackArgument,
    preview_json: Annotated[
        Path, typer.Option("--preview-json", help="Output of `pulumi preview --json --diff`.")
    ],
    whole: Annotated[Path | None, typer.Option("--whole", help="File for the whole text.")] = None,
    platform: PlatformOption = Platform.GITHUB,
    commit: CommitOption = "",
) -> None:
    """Print the comment on a preview that was made elsewhere.

    Example: `review comment doma --preview-json preview.json`
    """
    try:
        text = preview_json.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PandaInfraError(f"{preview_json} cannot be read ({type(error).__name__})") from None
    written = comments.comment(stack, read(text), limit=platform.limit, commit=commit, page=_page(stack))
    if whole:
        write(whole, written.whole)
    typer.echo(written.text)


@app.command()
def post(
    stack: StackArgument,
    request: RequestOption,
    folder: FolderOption = _FOLDER,
) -> None:
    """Write the kept comment to the request, or bring the stack's present comment up to date.

    Example: `review post doma --request 12`
    """
    file = folder / COMMENT
    if not file.is_file():
        say(f"there is no preview of stack {stack} in {folder}")
        return
    forge_of_this_run().comment(request, comments.marker(stack), file.read_text(encoding="utf-8"))


@app.command()
def tidy(
    request: RequestOption,
    since: Annotated[
        str, typer.Option("--since", metavar="BASE", help="The commit that the request is to be merged into.")
    ],
) -> None:
    """Update comments of a request for which its newest push makes no preview.

    A comment on a stack that is no longer touched states that. A stack whose file is removed gets a comment about the
    future of its deployment. If the newest commit cannot be described, every comment contains the reason.

    Example: `review tidy --request 12 --since origin/main`
    """
    forge = forge_of_this_run()
    try:
        changes = [change for change in changes_between(since, "HEAD") if change.stack not in TEST_BEDS]
    except CommitError as error:
        tidy_all(forge, request, str(error))
        raise
    stacks = tidied(forge, request, changes, since)
    say(f"brought up to date: {', '.join(stacks) or 'nothing'}")


@app.command("apply")
def apply_reviewed(
    stack: StackArgument,
    commit: CommitOption = "",
    since: SinceOption = "",
    folder: FolderOption = _FOLDER,
    yes: YesFlag = False,
) -> None:
    """Deploy a stack exactly as it was reviewed, or change nothing.

    It prints the cluster, and asks for confirmation in a terminal. With `--commit` the review is that of the request
    whose merge made the commit; without it, the one in the folder. It is refused if the commit deploys something else
    than the reviewed one, if the stack was deployed since, or if the engine needs a step that is not in the plan.

    Example: `review apply doma --commit $GITHUB_SHA`
    """
    if since and not any(change.stack == stack for change in changes_between(since, "HEAD")):
        say(f"stack {stack} is not touched")
        return
    files = _of_request(stack, commit) if commit else _of_folder(folder)
    say(f"stack {stack}: {where(make_plan(stack, project().load(stack).config))}")
    if interactive() and not yes:
        typer.confirm("Deploy there what was reviewed?", abort=True)
    with TemporaryDirectory() as scratch:
        for line in apply(_engine(stack), files, Path(scratch)):
            typer.echo(line)


@app.command()
def drift(stack: StackArgument) -> None:
    """Compare a stack with its real objects, and open, update or close one issue about the differences.

    The exit code is 0 if the comparison worked, with or without drift.

    Example: `review drift doma`
    """
    say(f"stack {stack}: {check_drift(_engine(stack), forge_of_this_run())}")


def _page(stack: str) -> str:
    """The page of the whole stack; empty if its file is wrong or gone, because the preview reports that."""
    try:
        return page(project(), stack)
    except PandaInfraError:
        return ""


def _of_request(stack: str, commit: str) -> dict[str, bytes]:
    forge = forge_of_this_run()
    request = forge.merged_request(commit)
    if request is None:
        raise PandaInfraError(
            f"commit {commit} came without a request, so nothing was reviewed: deploy by hand"
        )
    files = forge.reviewed(stack, request)
    if files is None:
        raise PandaInfraError(f"request {request} kept no review of stack {stack}: deploy by hand")
    return dict(files)


def _of_folder(folder: Path) -> dict[str, bytes]:
    if not (folder / PLAN).is_file():
        raise PandaInfraError(f"{folder} holds no review: run `review preview` first")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _engine(stack: str) -> Engine:
    here = project()
    here.file(stack)
    return Engine(find_pulumi(here.folder), stack)
