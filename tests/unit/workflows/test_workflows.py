"""The workflow files: linted, only calling commands that exist, with no way around the rules of deployment."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from panda_infra.cli.app import app as program
from panda_infra.products.ctao.versions import SERVER_CHART
from testbed import charts
from testbed.cli import app as bed
from testbed.workspace import SOURCES
from tests.support import fast_yaml
from tests.support.makefile import recipe
from tools import REPOSITORY, cache, toolchain, venv

GITHUB = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
ACTION = REPOSITORY / ".github" / "actions" / "setup" / "action.yml"
GITLAB = REPOSITORY / ".gitlab-ci.yml"
EVERY = [*GITHUB, ACTION, GITLAB]
_APPS = {"panda_infra": program, "testbed": bed}

# What a line of a script may begin with: this repository's commands and what gives it Python.
_ALLOWED = re.compile(
    r"eval \"\$\(\.venv/bin/python -m tools env( [a-z-]+)*\)\"$"
    r"|\.venv/bin/python -m (panda_infra|testbed|tools) "
    r"|make [a-z-]+( [A-Z_]+=\.\./[a-z0-9-]+)*$|\.ci/run \"\$[^\"]+\"$"
    r"|echo \"target=\$\(\.ci/target \"\$BASE\"\)\" >> \"\$GITHUB_OUTPUT\"$"
    r"|\[ \"\$TOOLS\" = none \] \|\| \.venv/bin/python -m tools build \$\{TOOLS\}$"
    # GitHub has no secrets that are files.
    r"|export [A-Z_]+=\$\(mktemp\)( [A-Z_]+=\$\(mktemp\))*$|printf '%s' \"\$[A-Z_]+\" > \"\$[A-Z_]+\"$"
    r"|apt-get update -q && apt-get install -qy --no-install-recommends python3-venv$"
)


def loaded(file: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = fast_yaml.load(file.read_text())
    return document


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow of GitHub, or of GitLab's file."""
    document = loaded(file)
    if file != GITLAB:
        return dict(document["jobs"])
    return {name: job for name, job in document.items() if isinstance(job, dict) and "script" in job}


def scripts(value: Any) -> Iterator[str]:
    """Every line that a shell runs."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("run", "script", "before_script", "after_script"):
                for entry in [item] if isinstance(item, str) else item:
                    yield from entry.splitlines()
            else:
                yield from scripts(item)
    elif isinstance(value, list):
        for item in value:
            yield from scripts(item)


def steps(file: Path) -> list[dict[str, Any]]:
    document = loaded(file)
    groups = [document["runs"]["steps"]] if file == ACTION else [job["steps"] for job in jobs(file).values()]
    return [step for group in groups for step in group]


# A key newer than the linter, which the schema knows.
_NEWER = r'unexpected key "queue" for "concurrency" section'


def test_github_s_files_pass_actionlint() -> None:
    linter = toolchain.ensure(["actionlint"]).path("actionlint")
    command = [str(linter), "-shellcheck=", "-pyflakes=", "-ignore", _NEWER, *map(str, GITHUB)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.gitlab-ci", [GITLAB]),
        ("vendor.github-actions", [ACTION]),
        ("vendor.github-workflows", GITHUB),
    ],
    ids=["gitlab", "action", "workflows"],
)
def test_files_fit_the_published_schema(schema: str, files: list[Path]) -> None:
    transform = ["--data-transform", "gitlab-ci"] if GITLAB in files else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *transform]
    command += map(str, files)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", EVERY, ids=lambda file: file.stem)
def test_they_only_call_commands_of_this_repository(file: Path) -> None:
    lines = list(scripts(loaded(file)))
    assert lines
    assert [line for line in lines if not _ALLOWED.match(line)] == []


def test_gitlab_keeps_the_folder_that_the_tools_use(monkeypatch: pytest.MonkeyPatch) -> None:
    document = loaded(GITLAB)
    folder = document["variables"]["PANDA_INFRA_CACHE"].replace("$CI_PROJECT_DIR", str(REPOSITORY))
    monkeypatch.setenv("PANDA_INFRA_CACHE", folder)
    kept = [REPOSITORY / path for path in document["default"]["cache"]["paths"]]
    assert kept == [cache.root()]


def commands() -> list[tuple[str, ...]]:
    """Every command of this program that a workflow calls, with the options it is given."""
    found = set()
    for line in (line for file in EVERY for line in scripts(loaded(file))):
        words = shlex.split(line)
        if "-m" in words and words[words.index("-m") + 1] in ("panda_infra", "testbed"):
            found.add(tuple(word for word in words[words.index("-m") + 1 :] if re.match(r"[a-z-]", word)))
    return sorted(found)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_exists_and_takes_its_options(command: tuple[str, ...]) -> None:
    module, *words = command
    found: Any = typer.main.get_command(_APPS[module])
    while hasattr(found, "commands"):
        found = found.commands[words.pop(0)]
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("file", [*GITHUB, ACTION], ids=lambda file: file.stem)
def test_foreign_actions_are_pinned_by_commit(file: Path) -> None:
    used = re.findall(r"uses: *(\S+)(.*)", file.read_text())
    for name, comment in used:
        assert name.startswith("./") or (re.search(r"@[0-9a-f]{40}$", name) and comment.startswith(" # v")), (
            name
        )


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_runs_on_github_have_little_power_and_an_end(file: Path) -> None:
    assert loaded(file)["permissions"] == {"contents": "read"}
    for name, job in jobs(file).items():
        # Deployments wait for clusters; the long tests, of which nobody waits for the end, take hours on two cores.
        assert job["timeout-minutes"] <= (300 if file.stem == "long" else 180), name
    for step in steps(file):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        # What somebody else chose, such as the name of a branch, is no part of a script.
        assert "${{" not in step.get("run", ""), step


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_no_run_on_github_hands_secrets_to_a_fork(file: Path) -> None:
    # "on" is a truth value in YAML 1.1.
    assert "pull_request_target" not in loaded(file)[True]
    if "pull_request" not in loaded(file)[True]:
        return
    for name, job in jobs(file).items():
        if "secrets." in fast_yaml.dump(job) or "environment" in job:
            assert "head.repo.full_name == github.repository" in job["if"], name


@pytest.mark.parametrize("file", [REPOSITORY / ".github" / "workflows" / "preview.yml", GITLAB])
def test_a_fork_gets_a_preview_without_credentials(file: Path) -> None:
    fork = jobs(file)["fork"]
    assert "environment" not in fork
    assert "secrets." not in fast_yaml.dump(fork)
    lines = list(scripts(fork))
    assert [line for line in lines if re.search(r'rehearse "\$STACK" --since ', line)]
    assert [
        line for line in lines if re.search(r'review comment "\$STACK" .*--preview-json preview.json', line)
    ]


OWN, FORK = "panda/panda-infra", "somebody/panda-infra"


def request(source: str, target: str = OWN) -> dict[str, str]:
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source,
        "CI_MERGE_REQUEST_PROJECT_PATH": target,
    }


PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
WATCH = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULED": "watch"}
VERIFY = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULED": "verify"}
DRILL = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULED": "drill"}
LONG_TESTS = {"CI_PIPELINE_SOURCE": "schedule", "SCHEDULED": "long-tests"}


@pytest.mark.parametrize(
    ("project", "deploying", "pipeline", "run"),
    [
        (OWN, OWN, request(OWN), {"test", "ctao", "preview", "tidy"}),
        (OWN, OWN, request(FORK), {"test", "ctao", "fork"}),  # started by a member
        (OWN, OWN, request(OWN, FORK), {"test", "ctao"}),
        (OWN, OWN, PUSH, {"test", "ctao", "deploy"}),
        (OWN, OWN, WATCH, {"drift", "expired"}),
        (OWN, OWN, VERIFY, {"verify"}),
        (OWN, OWN, DRILL, {"drill"}),
        (OWN, OWN, LONG_TESTS, {"long-tests"}),
        # Forks do not inherit the variables of a project, but those of a group that both are in.
        *(
            (FORK, deploying, pipeline, run)
            for deploying in (OWN, None)
            for pipeline, run in (
                (request(FORK), {"test", "ctao", "fork"}),
                (request(FORK, FORK), {"test", "ctao", "fork"}),
                (PUSH, {"test", "ctao"}),
                (WATCH, set()),
                (VERIFY, set()),
                (DRILL, set()),
            )
        ),
    ],
)
def test_on_gitlab_only_the_projects_own_pipelines_need_credentials(
    project: str, deploying: str | None, pipeline: dict[str, str], run: set[str]
) -> None:
    variables = {"CI_PROJECT_PATH": project, **pipeline}
    if deploying:
        variables["DEPLOYING_PROJECT"] = deploying
    rules = {name: [rule["if"] for rule in job["rules"]] for name, job in jobs(GITLAB).items()}
    assert {name for name, found in rules.items() if any(holds(rule, variables) for rule in found)} == run


def holds(condition: str, variables: dict[str, str]) -> bool:
    """Whether a rule's condition holds, as far as the file uses GitLab's language: comparisons joined by `&&`."""

    def value(word: str) -> str | None:
        return word[1:-1] if word.startswith('"') else variables.get(word.removeprefix("$"))

    comparisons = [comparison.split() for comparison in condition.split(" && ")]
    return all((value(one) == value(other)) == (sign == "==") for one, sign, other in comparisons)


@pytest.mark.parametrize("name", ["preview", "tidy", "deploy", "drift", "verify", "drill", "expired"])
def test_on_gitlab_a_job_with_credentials_has_an_environment(name: str) -> None:
    """The token and the credentials are variables with the scopes of environments, which jobs of forks have not."""
    assert re.fullmatch(r"\$STACK(-preview)?|[a-z]+-preview", jobs(GITLAB)[name]["environment"]["name"])


def test_one_run_at_a_time_deploys_or_removes_a_stack() -> None:
    for file in EVERY:
        for name, job in jobs(file).items() if file != ACTION else ():
            if not any(re.search(r"review apply|--remove", line) for line in scripts(job)):
                continue
            if file == GITLAB:
                assert (job["resource_group"], job["interruptible"]) == ("$STACK", False), name
            else:
                assert job["concurrency"]["cancel-in-progress"] is False, name
                assert job["concurrency"]["queue"] == "max", "a third run would drop the one that waits"
                assert re.fullmatch(r"stack-\$\{\{ (matrix|inputs)\.stack }}", job["concurrency"]["group"]), (
                    name
                )


def test_nothing_is_deployed_but_what_was_reviewed() -> None:
    for file in EVERY:
        for line in scripts(loaded(file)):
            assert not re.search(r"\b(up|destroy|refresh|cancel)\b", line), line


@pytest.mark.parametrize("file", [REPOSITORY / ".github" / "workflows" / "expired.yml", GITLAB])
def test_a_schedule_removes_one_stack_at_a_time_and_nothing_else_does(file: Path) -> None:
    removing = {
        name: line for name, job in jobs(file).items() for line in scripts(job) if line.endswith(" --remove")
    }
    assert list(removing.values()) == ['.venv/bin/python -m panda_infra expired "$STACK" --remove']
    (name,) = removing
    if file == GITLAB:
        [rule] = jobs(file)[name]["rules"]
        assert rule["if"].startswith('$CI_PIPELINE_SOURCE == "schedule" && ')
    else:
        # "on" is a truth value in YAML 1.1.
        assert loaded(file)[True].keys() == {"schedule", "workflow_dispatch"}
        assert jobs(file)[name]["environment"] == "${{ matrix.stack }}"
    others = [line for each in EVERY if each not in (file, GITLAB) for line in scripts(loaded(each))]
    assert file == GITLAB or not [line for line in others if "--remove" in line]


def test_both_platforms_run_the_long_tests_by_a_schedule() -> None:
    (on_github,) = jobs(REPOSITORY / ".github" / "workflows" / "long.yml").values()
    made, tested = scripts(on_github)
    assert [made, tested] == list(scripts(jobs(GITLAB)["long-tests"]))
    assert made == "make upstream"
    assert tested.startswith("make test-long ")
    cloned = re.findall(r"\.\./\S+$", recipe("upstream"), re.MULTILINE)
    assert [word.partition("=")[2] for word in tested.split()[2:]] == cloned
    assert f"--branch 'rucio-server-{SERVER_CHART}' " in recipe("upstream")


# What a rehearsal of DPPS reads of a checkout, beside its own stack and site; CRIC's lists are PanDA's.
_READ = {*SOURCES, ".gitlab-ci.yml", "Makefile", "pyproject.toml", "testbed", "tools"} - {
    ".venv",
    "cric_jsons",
    "sites",
}


def test_a_job_for_some_changes_runs_for_each_that_it_could_notice() -> None:
    limited = {
        name: [pattern for rule in job["rules"] for pattern in rule.get("changes", {}).get("paths", ())]
        for name, job in jobs(GITLAB).items()
    }
    patterns = limited.pop("ctao")
    assert not any(limited.values()), "say here what this job reads"
    places = (*(REPOSITORY / name for name in _READ), charts.FIXTURES, venv.LOCK)
    files = (file for place in places for file in ([place] if place.is_file() else place.rglob("*")))
    names = [str(file.relative_to(REPOSITORY)) for file in files if file.is_file() and file.suffix != ".pyc"]
    assert len(names) > 500
    rehearsed = [*names, "Pulumi.ctao.yaml", "sites/ctao-ci.yaml"]
    known = re.compile("|".join(map(_as_expression, patterns)))
    assert [name for name in rehearsed if not known.fullmatch(name)] == []


def _as_expression(pattern: str) -> str:
    """What GitLab understands by a pattern of paths."""
    parts = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join(parts.get(each) or re.escape(each) for each in re.split(r"(\*\*/|\*)", pattern))


def test_the_same_stacks_are_watched_and_on_gitlab_previewed_and_deployed() -> None:
    (watched,) = jobs(REPOSITORY / ".github" / "workflows" / "drift.yml").values()
    stacks = watched["strategy"]["matrix"]["stack"]
    assert stacks == sorted(set(stacks))
    for file in ("verify.yml", "drill.yml"):
        (asked,) = jobs(REPOSITORY / ".github" / "workflows" / file).values()
        assert asked["strategy"]["matrix"]["stack"] == stacks, file
    for name in ("preview", "fork", "deploy", "drift", "verify", "drill", "expired"):
        assert jobs(GITLAB)[name]["parallel"]["matrix"] == [{"STACK": stacks}], name


def test_what_is_deployed_is_verified_and_the_result_kept() -> None:
    checked = re.compile(r'panda_infra verify "\$STACK"( --if-deployed)? --junit verify\.xml$')
    for file in EVERY:
        for name, job in jobs(file).items() if file != ACTION else ():
            lines = list(scripts(job))
            applied = [index for index, line in enumerate(lines) if "review apply" in line]
            asked = [index for index, line in enumerate(lines) if checked.search(line)]
            assert not applied or (asked and applied[-1] < asked[0]), name
            if not asked:
                continue
            if file == GITLAB:
                assert (job["artifacts"]["when"], job["artifacts"]["reports"]["junit"]) == (
                    "always",
                    "verify.xml",
                )
            else:
                last = job["steps"][-1]
                assert (last["if"], last["with"]["path"]) == ("always()", "verify.xml"), name


def test_backups_are_restored_every_day_and_the_report_kept() -> None:
    # "on" is a truth value in YAML 1.1.
    file = REPOSITORY / ".github" / "workflows" / "drill.yml"
    (when,) = loaded(file)[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", when["cron"])
    (on_github,), on_gitlab = jobs(file).values(), jobs(GITLAB)["drill"]
    (kept,) = [step for step in on_github["steps"] if step.get("if") == "always()"]
    assert kept["with"]["path"] == on_gitlab["artifacts"]["reports"]["junit"] == "drill.xml"
    assert on_gitlab["artifacts"]["when"] == "always"
    for job in (on_github, on_gitlab):
        assert list(scripts(job))[-1].endswith(
            'panda_infra backup drill "$STACK" --if-deployed --junit drill.xml'
        )


def test_deployed_stacks_are_asked_every_hour() -> None:
    # "on" is a truth value in YAML 1.1.
    (when,) = loaded(REPOSITORY / ".github" / "workflows" / "verify.yml")[True]["schedule"]
    assert re.fullmatch(r"\d+ \* \* \* \*", when["cron"])
    assert [line for line in scripts(jobs(GITLAB)["verify"]) if "--if-deployed" in line]
