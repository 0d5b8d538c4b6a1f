"""GitHub and GitLab on loopback, as far as reviews use them: real HTTP, made-up content."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.serving import serving

TOKEN = "forge-token"
Entry = dict[str, Any]


@dataclass
class Content:
    """What the forge holds; tests fill it and look at it."""

    comments: dict[int, list[Entry]] = field(default_factory=dict)
    issues: list[Entry] = field(default_factory=list)
    requests_of: dict[str, list[Entry]] = field(default_factory=dict)
    artifacts: list[Entry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    url: str = ""

    def add_issue(self, body: Mapping[str, Any]) -> Entry:
        number = len(self.issues) + 1
        issue = {"number": number, "iid": number, "state": "opened", **body}
        self.issues.append(issue)
        return issue


def merge(content: Content, stack: str, request: int, commit: str, files: Mapping[str, bytes]) -> None:
    """Both forges after a merge: the request that made the commit, with what its preview of a stack kept."""
    made = {"number": request, "merged_at": "2026-01-01", "merge_commit_sha": commit}
    content.requests_of[commit] = [{**made, "iid": request, "state": "merged"}]
    run = {"head_repository_id": 1, "repository_id": 1}
    name = {"id": request, "name": f"reviewed-{stack}-{request}", "expired": False, "created_at": "1"}
    content.artifacts = [{**name, "workflow_run": run}]
    content.files[f"/actions/artifacts/{request}/zip"] = archive(files)
    path = f"/jobs/artifacts/refs/merge-requests/{request}/head/download?job=preview: [{stack}]"
    content.files[path] = archive({f"reviewed/{name}": text for name, text in files.items()})


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def github(url: str) -> dict[str, str]:
    """The environment of a workflow's run."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": TOKEN,
    }


def gitlab(url: str) -> dict[str, str]:
    """The environment of a pipeline's job."""
    return {"GITLAB_CI": "true", "CI_API_V4_URL": url, "CI_PROJECT_ID": "7", "GITLAB_TOKEN": TOKEN}


@contextmanager
def running() -> Iterator[Content]:
    """Both forges below one address: ``URL/repos/o/r`` and ``URL/projects/7``."""
    content = Content()

    class Handler(_Handler):
        held = content

    with serving(Handler) as port:
        content.url = f"http://127.0.0.1:{port}"
        yield content


class _Handler(BaseHTTPRequestHandler):
    held: Content

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        pass

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(self._body())

    do_PUT = do_PATCH = do_POST  # noqa: N815

    def _body(self) -> Entry:
        body: Entry = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, body: Entry) -> None:
        url = urlsplit(self.path)
        path = re.sub(r"^/(repos/o/r|projects/7)", "", unquote(url.path))
        self.held.log.append(f"{self.command} {path}")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, {"message": "Bad credentials"})
            return
        found = self._found(path, {key: value[0] for key, value in parse_qs(url.query).items()}, body)
        if isinstance(found, list):
            query = parse_qs(url.query)
            size, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
            found = found[size * (page - 1) : size * page]
        self._send(404 if found is None else 200, found)

    def _found(self, path: str, query: Mapping[str, str], body: Entry) -> Any:  # noqa: PLR0911
        held = self.held
        if match := re.fullmatch(r"/(?:issues|merge_requests)/(\d+)/(?:comments|notes)", path):
            comments = held.comments.setdefault(int(match[1]), [])
            if self.command == "POST":
                comments.append({"id": 1000 * int(match[1]) + len(comments), **body})
                return comments[-1]
            return comments
        if match := re.fullmatch(r"/(?:issues/comments|merge_requests/\d+/notes)/(\d+)", path):
            every = [comment for comments in held.comments.values() for comment in comments]
            return _updated(next((each for each in every if each["id"] == int(match[1])), None), body)
        if path == "/issues" and self.command == "POST":
            return held.add_issue(body)
        if path == "/issues":
            wanted = query["state"].replace("opened", "open")
            return [each for each in held.issues if each["state"].replace("opened", "open") == wanted]
        if match := re.fullmatch(r"/issues/(\d+)", path):
            if body.pop("state_event", None) == "close":
                body["state"] = "closed"
            return _updated(next((i for i in held.issues if i["number"] == int(match[1])), None), body)
        if match := re.fullmatch(r"/(?:repository/)?commits/(\w+)/(?:pulls|merge_requests)", path):
            return held.requests_of.get(match[1], [])
        if path == "/actions/artifacts":
            return {"artifacts": [each for each in held.artifacts if each["name"] == query["name"]]}
        return held.files.get(path + (f"?job={query['job']}" if "job" in query else ""))

    def _send(self, status: int, content: Any) -> None:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


def _updated(entry: Entry | None, body: Mapping[str, Any]) -> Entry | None:
    if entry is not None:
        entry.update(body)
    return entry
