"""CP-SAT in a process that people stop with Ctrl-C."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def solve_model(solver: cp_model.CpSolver, model: cp_model.CpModel) -> Any:
    """Solve a model and return the status; Ctrl-C ends the search and is raised at once.

    By itself CP-SAT takes the signal, keeps it from Python, and leaves the system's handler
    behind, so that the next Ctrl-C kills the process with everything it has not written yet.
    """
    solver.parameters.catch_sigint_signal = False
    with ThreadPoolExecutor(max_workers=1) as pool:
        job = pool.submit(solver.solve, model)
        try:
            return job.result()
        except KeyboardInterrupt:
            solver.stop_search()
            raise
