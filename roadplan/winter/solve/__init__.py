"""Solvers of the winter problem behind one function, :func:`solve`."""

from roadplan.winter.solve.interface import register, solve, solvers
from roadplan.winter.solve.result import Progress, Result

__all__ = ["Progress", "Result", "register", "solve", "solvers"]
