"""CP-SAT in a process that people stop with Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

STOP_AFTER_S = 0.2
"""Seconds after which a search that shall stop does so at the latest."""


def solve_model(
    solver: cp_model.CpSolver,
    model: cp_model.CpModel,
    *,
    stop: Callable[[], bool] | None = None,
) -> Any:
    """Solve a model and return the status; Ctrl-C ends the search and is raised at once.

    By itself CP-SAT takes the signal, keeps it from Python, and leaves the system's handler
    behind, so that the next Ctrl-C kills the process with everything it has not written yet.
    `stop` is asked a few times a second; once true, the search ends with what it has.
    """
    solver.parameters.catch_sigint_signal = False
    with ThreadPoolExecutor(max_workers=1) as pool:
        job = pool.submit(solver.solve, model)
        try:
            while True:
                try:
                    return job.result(timeout=None if stop is None else STOP_AFTER_S)
                except TimeoutError:
                    if stop is not None and stop():
                        solver.stop_search()
        except KeyboardInterrupt:
            solver.stop_search()
            raise
