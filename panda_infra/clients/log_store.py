"""Stores in which shipped logs are searched: Loki and VictoriaLogs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, Protocol

import requests

from panda_infra.errors import NoAnswerError, NotAllowedError, PandaInfraError

__all__ = ["HOURS", "LogStore", "LogStoreByHttp"]

HOURS = 24
"""Lines of the last so many hours are counted."""

_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class LogStore(Protocol):
    """A store of logs that can be searched."""

    def lines(self, namespace: str, stack: str, seconds: float) -> Mapping[str, int]:
        """The number of lines of each component of a stack within the last hours."""


@dataclass(frozen=True)
class LogStoreByHttp(LogStore):
    """A store at an address; ``headers`` are sent with each question and may hold a credential."""

    kind: Literal["loki", "victoriaLogs"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def lines(self, namespace: str, stack: str, seconds: float) -> Mapping[str, int]:
        """The number of lines of each component; names of namespaces and stacks have no quote.

        Raises:
            PandaInfraError: it does not answer within the time, refuses, or answers something else.
        """
        if self.kind == "loki":
            # By default Loki turns the attribute k8s.namespace.name into a label, but not the others.
            chosen = f'{{k8s_namespace_name="{namespace}"}} | stack="{stack}"'
            query = f"sum by (component) (count_over_time({chosen} [{HOURS}h]))"
            return self._counted("/loki/api/v1/query", query, seconds, _of_loki)
        query = (
            f'namespace:="{namespace}" stack:="{stack}" _time:{HOURS}h | stats by (component) count() lines'
        )
        return self._counted("/select/logsql/query", query, seconds, _of_victoria_logs)

    def _counted(
        self, path: str, query: str, seconds: float, read: Callable[[str], Mapping[str, int]]
    ) -> Mapping[str, int]:
        address = f"{self.url.rstrip('/')}{path}"
        try:
            # Not followed: the credential is for this address alone.
            found = requests.get(
                address,
                params={"query": query},
                headers=dict(self.headers),
                timeout=seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NoAnswerError(f"{address} does not answer ({type(error).__name__})") from None
        if found.status_code in _REFUSED:
            raise NotAllowedError(f"{address} refuses the log-in (HTTP {found.status_code})")
        if found.status_code != HTTPStatus.OK:
            raise PandaInfraError(f"{address} answers HTTP {found.status_code}")
        try:
            return read(found.text)
        except (ValueError, LookupError, TypeError):
            raise PandaInfraError(f"{address} answers something else than numbers of lines") from None


def _of_loki(answer: str) -> Mapping[str, int]:
    rows: list[dict[str, Any]] = json.loads(answer)["data"]["result"]
    return {str(row["metric"].get("component", "")): int(float(row["value"][1])) for row in rows}


def _of_victoria_logs(answer: str) -> Mapping[str, int]:
    rows: list[dict[str, Any]] = [json.loads(row) for row in answer.splitlines() if row]
    return {str(row["component"]): int(row["lines"]) for row in rows}
