"""GitLab's REST API, called from its pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from panda_infra.clients.forges.forge import GITLAB_LIMIT, Client, Issue, required, unpack

__all__ = ["PREVIEW_JOB", "GitLab"]

PREVIEW_JOB = "preview"
# The pipeline of a merge request runs on the merged result if the project enables it, else on the request's head.
_REFS = ("merge", "head")


class GitLab:
    """One project."""

    limit = GITLAB_LIMIT

    def __init__(self, url: str, project: str, token: str) -> None:
        self._client = Client(
            f"{url}/projects/{quote(project, safe='')}", {"Authorization": f"Bearer {token}"}
        )

    @classmethod
    def of_this_run(cls) -> GitLab:
        """The project of the running pipeline, with a project access token: the job's own token may not comment."""
        return cls(required("CI_API_V4_URL"), required("CI_PROJECT_ID"), required("GITLAB_TOKEN"))

    def comments(self, request: int) -> Iterator[str]:
        """The texts of the notes."""
        return (each["body"] for each in self._client.pages(f"/merge_requests/{request}/notes"))

    def comment(self, request: int, marker: str, text: str) -> None:
        """Write or update a note."""
        for each in self._client.pages(f"/merge_requests/{request}/notes"):
            if each["body"].startswith(marker):
                self._client.send("PUT", f"/merge_requests/{request}/notes/{each['id']}", {"body": text})
                return
        self._client.send("POST", f"/merge_requests/{request}/notes", {"body": text})

    def issue(self, marker: str, label: str) -> Issue | None:
        """The open issue that starts with a marker."""
        for each in self._client.pages(f"/issues?state=opened&labels={label}"):
            if (each["description"] or "").startswith(marker):
                return Issue(each["iid"], each["description"])
        return None

    def open_issue(self, title: str, text: str, label: str) -> None:
        """Open an issue."""
        self._client.send("POST", "/issues", {"title": title, "description": text, "labels": label})

    def update_issue(self, number: int, text: str) -> None:
        """Replace the text of an issue."""
        self._client.send("PUT", f"/issues/{number}", {"description": text})

    def close_issue(self, number: int) -> None:
        """Close an issue."""
        self._client.send("PUT", f"/issues/{number}", {"state_event": "close"})

    def merged_request(self, commit: str) -> int | None:
        """The merge request that brought a commit."""
        for each in self._client.pages(f"/repository/commits/{commit}/merge_requests"):
            if each["state"] == "merged":
                return int(each["iid"])
        return None

    def reviewed(self, stack: str, request: int) -> Mapping[str, bytes] | None:
        """The artifacts of the stack's last successful preview job."""
        job = quote(f"{PREVIEW_JOB}: [{stack}]", safe="")
        for ref in _REFS:
            name = quote(f"refs/merge-requests/{request}/{ref}", safe="")
            archive = self._client.download(f"/jobs/artifacts/{name}/download?job={job}")
            if archive is not None:
                return unpack(archive)
        return None
