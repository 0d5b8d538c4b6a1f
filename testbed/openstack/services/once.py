"""Preparations that must not leave a trace in the process that serves."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable

from testbed.openstack.settings import Settings


def apart(prepare: Callable[[Settings], None], settings: Settings) -> None:
    """Runs ``prepare`` in a fork of this process, which thus need not import everything again.

    Ends this process when it fails: its traceback stands in the log.
    """
    child = multiprocessing.get_context("fork").Process(target=prepare, args=(settings,))
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(f"{prepare.__module__}.{prepare.__name__} failed")
