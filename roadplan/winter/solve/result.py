"""What a solver gives back, and the rules by which it stops."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from roadplan.winter.plan import Plan

Status = Literal["optimal", "feasible", "nothing can be done", "interrupted"]

CLOSED_GAP = 1e-6
"""A plan this close to its bound, as a share of its cost, counts as optimal."""


@dataclass(frozen=True)
class Progress:
    """The state of a solve at one moment.

    Parameters
    ----------
    elapsed_s
        Since the start.
    cost
        Of the best plan so far, veh·h; infinite before the first.
    bound
        What no plan can go below; minus infinity before any is proven.
    share
        How much of the time or effort is used, 0–1.
    note
        What happened, in a word.
    """

    elapsed_s: float
    cost: float
    bound: float
    share: float
    note: str = ""

    @property
    def gap(self) -> float:
        """The proven gap as a share of the cost; infinite without a bound."""
        return proven_gap(self.cost, self.bound)


@dataclass(frozen=True, kw_only=True)
class Result:
    """A plan with what is proven about it.

    Parameters
    ----------
    plan
        The best plan found.
    cost
        Its cost, veh·h.
    bound
        No plan of this problem costs less; minus infinity where none was proven in time.
    status
        ``optimal`` when cost and bound meet, ``nothing can be done`` with `reasons`,
        ``interrupted`` when stopped from outside, otherwise ``feasible``.
    method
        The solver's name.
    history
        Each better plan or bound, in order.
    reasons
        Sentences on what cannot be done and why.
    elapsed_s
        Time used.
    """

    plan: Plan
    cost: float
    bound: float
    status: Status
    method: str
    history: tuple[Progress, ...] = ()
    reasons: tuple[str, ...] = ()
    elapsed_s: float = 0.0

    @property
    def gap(self) -> float:
        """The proven gap, (cost − bound) / cost; infinite without a bound."""
        return proven_gap(self.cost, self.bound)

    def summary(self) -> str:
        """Return the result in a few lines of English."""
        lines = [f"{self.method}: {self.status}, cost {self.cost:,.1f} veh·h"]
        if math.isfinite(self.bound):
            lines.append(
                f"proven: no plan costs less than {self.bound:,.1f} veh·h; gap {self.gap:.2%}"
            )
        else:
            lines.append("no bound could be proven in the time given")
        return "\n".join([*lines, *self.reasons])


def proven_gap(cost: float, bound: float) -> float:
    """Return (cost − bound) / cost, never below 0; infinite without a bound or a plan."""
    if not (math.isfinite(cost) and math.isfinite(bound)):
        return math.inf
    if cost <= 0:
        return 0.0
    return max(0.0, (cost - bound) / cost)


@dataclass
class Budget:
    """When to stop: by time, by effort, or because somebody says so.

    Parameters
    ----------
    time_limit_s
        Seconds from the start; None for no limit.
    effort
        Rounds of search; None for no limit. With it and without a time limit the same seed
        gives the same plan.
    stop
        Asked now and then; a true answer ends the solve.
    """

    time_limit_s: float | None
    effort: int | None
    stop: Callable[[], bool] | None = None
    started_s: float = field(default_factory=time.monotonic)
    halted: threading.Event = field(default_factory=threading.Event)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started_s

    @property
    def left_s(self) -> float:
        """Seconds left; infinite without a time limit."""
        if self.time_limit_s is None:
            return math.inf
        return max(0.0, self.time_limit_s - self.elapsed_s)

    def over(self) -> bool:
        """Say whether to stop now."""
        if not self.halted.is_set() and self.stop is not None and self.stop():
            self.halted.set()
        return self.halted.is_set() or self.left_s <= 0.0

    def share(self, rounds: int) -> float:
        """Return the used share of what is limited, 0–1, after some rounds."""
        parts = [0.0]
        if self.time_limit_s:
            parts.append(self.elapsed_s / self.time_limit_s)
        if self.effort:
            parts.append(rounds / self.effort)
        return min(1.0, max(parts))
