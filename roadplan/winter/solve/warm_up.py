"""Compiled code made ready before the clock of a search starts."""

from __future__ import annotations

from functools import cache

import numpy as np

from roadplan.winter.instances import tiny_instance
from roadplan.winter.solve.network import compile_network
from roadplan.winter.solve.prices import PriceBoard
from roadplan.winter.solve.search import Walk, states_apart


@cache
def warm_up() -> None:
    """Load the compiled kernels, or compile them where they never ran.

    Compiling takes some ten seconds once on a machine: a first search of five seconds would be
    over before its first plan.
    """
    network = compile_network(tiny_instance(0))
    walk = Walk(network, 0, states_apart(network))
    walk.construct(np.arange(network.crews))
    walk.run(1, 1.0)
    walk.adopt(walk.best)
    board = PriceBoard(network)
    for heat in (0.0, 1.0):
        board.evaluate(np.ones(board.shape), heat=heat)
