"""GitHub's REST API, called from its workflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panda_infra.clients.forges.forge import GITHUB_LIMIT, Client, Issue, required, unpack

__all__ = ["GitHub"]


class GitHub:
    """One repository."""

    limit = GITHUB_LIMIT

    def __init__(self, url: str, repository: str, token: str) -> None:
        self._client = Client(
            f"{url}/repos/{repository}",
            {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        )

    @classmethod
    def of_this_run(cls) -> GitHub:
        """The repository of the running workflow."""
        return cls(required("GITHUB_API_URL"), required("GITHUB_REPOSITORY"), required("GITHUB_TOKEN"))

    def comments(self, request: int) -> Iterator[str]:
        """The texts of the comments."""
        return (each["body"] for each in self._client.pages(f"/issues/{request}/comments"))

    def comment(self, request: int, marker: str, text: str) -> None:
        """Write or update a comment."""
        for each in self._client.pages(f"/issues/{request}/comments"):
            if each["body"].startswith(marker):
                self._client.send("PATCH", f"/issues/comments/{each['id']}", {"body": text})
                return
        self._client.send("POST", f"/issues/{request}/comments", {"body": text})

    def issue(self, marker: str, label: str) -> Issue | None:
        """The open issue that starts with a marker; GitHub lists pull requests among the issues."""
        for each in self._client.pages(f"/issues?state=open&labels={label}"):
            if "pull_request" not in each and (each["body"] or "").startswith(marker):
                return Issue(each["number"], each["body"])
        return None

    def open_issue(self, title: str, text: str, label: str) -> None:
        """Open an issue."""
        self._client.send("POST", "/issues", {"title": title, "body": text, "labels": [label]})

    def update_issue(self, number: int, text: str) -> None:
        """Replace the text of an issue."""
        self._client.send("PATCH", f"/issues/{number}", {"body": text})

    def close_issue(self, number: int) -> None:
        """Close an issue."""
        self._client.send("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "completed"})

    def merged_request(self, commit: str) -> int | None:
        """The pull request whose merge made a commit."""
        for each in self._client.pages(f"/commits/{commit}/pulls"):
            if each["merged_at"] and each["merge_commit_sha"] == commit:
                return int(each["number"])
        return None

    def reviewed(self, stack: str, request: int) -> Mapping[str, bytes] | None:
        """The newest artifact of a review; artifacts of forks are ignored."""
        listed = self._client.send("GET", f"/actions/artifacts?name=reviewed-{stack}-{request}&per_page=100")
        own = [
            each
            for each in listed["artifacts"]
            if not each["expired"]
            and each["workflow_run"]["head_repository_id"] == each["workflow_run"]["repository_id"]
        ]
        if not own:
            return None
        newest = max(own, key=lambda each: str(each["created_at"]))
        archive = self._client.download(f"/actions/artifacts/{newest['id']}/zip")
        return unpack(archive) if archive is not None else None
