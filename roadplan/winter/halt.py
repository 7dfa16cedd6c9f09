"""Whether work in several phases should go straight to its end."""

from __future__ import annotations

from collections.abc import Callable


class Halt:
    """Say whether to stop; once somebody asked for it, it stays so.

    Parameters
    ----------
    stop
        Asked now and then; a true answer halts for good.

    Examples
    --------
    >>> answers = iter([False, True])
    >>> halt = Halt(lambda: next(answers))
    >>> halt(), halt(), halt()
    (False, True, True)
    """

    def __init__(self, stop: Callable[[], bool] | None = None) -> None:
        self._stop = stop
        self._halted = False

    def __call__(self) -> bool:
        """Return whether to stop."""
        if not self._halted and self._stop is not None:
            self._halted = bool(self._stop())
        return self._halted

    def now(self) -> None:
        """Halt, whatever is asked."""
        self._halted = True
