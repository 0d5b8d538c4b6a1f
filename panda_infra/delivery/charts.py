"""Locate each chart, and check that it exists before any change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from panda_infra.clients.patience import answered
from panda_infra.clients.programs import run
from panda_infra.clients.registry.login import RegistryError, RegistryNotAllowedError, RegistryNotFoundError
from panda_infra.clients.registry.manifests import chart_digest
from panda_infra.config.charts import ChartSource, FolderCharts, GitCharts, OciCharts
from panda_infra.errors import Problem
from panda_infra.plan.model import Chart

__all__ = ["ChartReference", "cache_folder", "check_charts", "locate"]

_PATIENCE = 6  # seconds for a registry's answer about one chart, log-in and resolver included


@dataclass(frozen=True)
class ChartReference:
    """A chart for Helm: a folder, or an ``oci://`` address with its version, and the digest if one is pinned."""

    location: str
    version: str | None = None


def locate(source: ChartSource, chart: Chart) -> ChartReference:
    """The reference of a chart of this source; ``check_charts`` must have fetched a git source."""
    if chart.folder:
        return ChartReference(f"./{chart.folder}")
    if isinstance(source, OciCharts):
        # With a digest, Helm accepts nothing else, and the plugin updates the release when the digest changes; it
        # would not notice an overwritten version.
        digest = f"@{chart.digest}" if chart.digest else ""
        return ChartReference(f"{source.repository}/{chart.name}{digest}", chart.version)
    return ChartReference(str(_folder(source) / chart.name))


def check_charts(source: ChartSource, charts: Sequence[Chart]) -> list[Problem]:
    """Find charts that are missing, or are not the pinned ones; looks charts up in parallel.

    Also fetches a git source.
    """
    if isinstance(source, GitCharts):
        problems = _fetch(source)
        if problems:
            return problems
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(partial(_check, source), (chart for chart in charts if not chart.folder)))
    return sorted({problem for problem in found if problem is not None})


def _check(source: ChartSource, chart: Chart) -> Problem | None:
    return (
        _check_in_registry(source, chart)
        if isinstance(source, OciCharts)
        else _check_in_folder(source, chart)
    )


def _check_in_registry(source: OciCharts, chart: Chart) -> Problem | None:
    where = f"components.{chart.name}.chart"
    log_in = f"`helm registry login {source.repository.removeprefix('oci://').partition('/')[0]}`"
    try:
        digest = answered(
            lambda: chart_digest(source.repository, chart.name, chart.version), within=_PATIENCE
        )
    except TimeoutError:
        what = f"the registry of {source.repository} does not answer within {_PATIENCE} s"
        return Problem("charts.repository", what, "check the address, the network and the proxies")
    except RegistryNotFoundError as error:
        return Problem(f"{where}.version", str(error), "push the chart or name a version that exists")
    except RegistryNotAllowedError as error:
        return Problem("charts.repository", str(error), f"log in by {log_in}, as somebody who may read it")
    except RegistryError as error:
        return Problem("charts.repository", str(error), "check the address, the network and the proxies")
    if chart.digest and digest != chart.digest:
        what = f"version {chart.version} is now {digest}, not the pinned {chart.digest}"
        fix = "somebody overwrote this version: review the new chart, then pin its digest"
        return Problem(f"{where}.digest", what, fix)
    return None


def _check_in_folder(source: FolderCharts | GitCharts, chart: Chart) -> Problem | None:
    folder = _folder(source)
    if (folder / chart.name / "Chart.yaml").is_file():
        return None
    where = f"{source.url} at {source.revision}" if isinstance(source, GitCharts) else str(folder)
    what = f"no chart {chart.name} in {source.path if isinstance(source, GitCharts) else folder} of {where}"
    return Problem("charts.path", what, "name the folder that holds one sub-folder per chart, such as helm")


def _folder(source: FolderCharts | GitCharts) -> Path:
    if isinstance(source, FolderCharts):
        return Path(source.path).expanduser().resolve()
    return _checkout(source) / source.path


def _checkout(source: GitCharts) -> Path:
    return cache_folder() / "charts" / source.revision


def cache_folder() -> Path:
    """The folder for files that can be fetched again: ``$PANDA_INFRA_CACHE``, else one in the user's XDG cache."""
    chosen = os.environ.get("PANDA_INFRA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "panda-infra"


def _fetch(source: GitCharts) -> list[Problem]:
    checkout = _checkout(source)
    if checkout.is_dir():
        return []
    checkout.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=checkout.parent) as scratch:
        work = Path(scratch) / "work"
        for command in (
            ["git", "init", "--quiet", str(work)],
            ["git", "-C", str(work), "fetch", "--quiet", "--depth=1", "--", source.url, source.revision],
            ["git", "-C", str(work), "checkout", "--quiet", "FETCH_HEAD"],
        ):
            done = run(command, environment={"GIT_TERMINAL_PROMPT": "0"})
            if done.code:
                what = f"commit {source.revision} cannot be fetched from {source.url} ({done.last_error})"
                return [Problem("charts.url", what, "check the address, the commit and your access to it")]
        with suppress(OSError):  # another run was faster: its checkout has the same commit
            work.rename(checkout)
    return []
