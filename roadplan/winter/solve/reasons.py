"""Why nothing, or not everything, can be done: sentences for people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from roadplan.winter.problem import Problem
from roadplan.winter.solve.linear import reachable, returning
from roadplan.winter.solve.network import Network

MOST_NAMES = 5
"""How many names a sentence lists before it only counts."""


def idle_reasons(problem: Problem, network: Network) -> tuple[bool, tuple[str, ...]]:
    """Return whether any pass can be made at all, and what cannot be done and why.

    Parameters
    ----------
    problem, network
        The problem and its compiled form.

    Returns
    -------
    possible, sentences
        `possible` is false when the only plan is that nobody clears anything.
    """
    if not problem.items:
        return False, ("There is no stretch to clear.",)
    if not problem.crews:
        return False, ("There is no crew.",)
    if not len(problem.plough_class):
        return False, ("No class can clear any stretch: all stretches are closed to ploughs.",)
    sentences = [*_classes(problem), *_crews(problem)]
    before = _latest_before(problem)
    able = np.array([_can_clear(network, c, before) for c in range(network.crews)], dtype=bool)
    stranded = [str(problem.crew_name[c]) for c in np.flatnonzero(~able)]
    known = " ".join(sentences)
    left = [name for name in stranded if f"Crew {name} " not in known]
    if left:
        sentences.append(
            f"{_names(left)} cannot clear anything: no stretch that is open and shallow enough "
            "for the class can be reached and left again within the duty."
        )
    return bool(able.any()), tuple(sentences)


def _names(names: list[str]) -> str:
    if len(names) <= MOST_NAMES:
        return "Crew " + ", ".join(names) if len(names) == 1 else "Crews " + ", ".join(names)
    return f"{len(names)} crews ({', '.join(names[:MOST_NAMES])}, …)"


def _classes(problem: Problem) -> list[str]:
    """Return a sentence for each class with crews that can clear nothing."""
    before = _latest_before(problem)
    sentences = []
    for k in np.unique(problem.crew_class):
        arcs = np.flatnonzero(problem.plough_class == k)
        name = problem.class_name[k]
        if not arcs.size:
            sentences.append(f"Class {name} may plough no stretch.")
            continue
        open_now = problem.plough_closes[arcs] > problem.plough_opens[arcs]
        if not open_now.any():
            sentences.append(f"All stretches are closed to class {name}.")
            continue
        items = np.unique(problem.plough_item[arcs])
        if (problem.passable_since[k][items] > before[items])[:, 1:].all():
            sentences.append(f"The snow is too deep for class {name} everywhere.")
    return sentences


def _latest_before(problem: Problem) -> npt.NDArray[np.int64]:
    """Return the latest moment before each at which any crew's class could pass, or 0.

    Shape (item, moment). Ways and times are left aside, so that nothing possible is denied: snow
    that is too deep for every class stays, and no class can wait for another to go first.
    """
    last = np.zeros(problem.items, dtype=np.int64)
    before = np.zeros((problem.items, problem.slots + 1), dtype=np.int64)
    classes = np.unique(problem.crew_class)
    ploughs = np.zeros((len(problem.class_name), problem.items), dtype=bool)
    ploughs[problem.plough_class, problem.plough_item] = True
    never = problem.slots + 1
    since = np.where(ploughs[classes, :, None], problem.passable_since[classes], never)
    soonest = since.min(axis=0)
    for moment in range(1, problem.slots + 1):
        before[:, moment] = last
        last = np.where(soonest[:, moment] <= last, moment, last)
    return before


def _crews(problem: Problem) -> list[str]:
    """Return a sentence for each crew that stands off the network or has no time."""
    sentences = []
    for c, name in enumerate(problem.crew_name):
        k, node = problem.crew_class[c], problem.crew_node[c]
        mine = problem.plough_class == k
        out = (problem.travel_class == k) & (problem.travel_from == node)
        starts = mine & (problem.item_from[problem.plough_item] == node)
        if not out.any() and not starts.any():
            place = problem.node_name[node]
            sentences.append(f"Crew {name} stands at {place}, from where no road leads.")
            continue
        window = int(problem.crew_until[c] - problem.crew_from[c])
        duty = int(problem.crew_longest_duty[c]) or window
        shortest = int(problem.plough_slots[mine].min(initial=problem.slots + 1))
        if mine.any() and min(window, duty) < shortest:
            sentences.append(
                f"Crew {name} has {min(window, duty)} slots; its shortest pass takes {shortest}."
            )
    return sentences


def _can_clear(network: Network, crew: int, before: npt.NDArray[np.int64]) -> bool:
    """Say whether a crew can make any pass that counts and still end where it must."""
    start, until = int(network.crew_from[crew]), int(network.crew_until[crew])
    goal, duty = int(network.crew_goal[crew]), int(network.crew_duty[crew])
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    items = max(1, network.items)
    begins = range(start, until - duty + 1) if duty else (start,)
    for begin in begins:
        end = begin + duty if duty else until
        reach = reachable(network, np.array([crew]), end, begin=begin)
        back = returning(network, goal, end)
        for t in range(begin, end):
            arc = np.flatnonzero(
                (network.arc_pair >= 0)
                & reach[t][state_of_arc]
                & (t >= network.arc_opens)
                & (t < network.arc_closes)
                & (t + network.arc_slots <= end)
                & (t + network.arc_slots < network.slots)
            )
            done = t + network.arc_slots[arc]
            pair = network.arc_pair[arc]
            shallow = network.since[pair // items, pair % items, done] <= before[pair % items, done]
            if (back[done, network.arc_to[arc]] & shallow).any():
                return True
    return False
