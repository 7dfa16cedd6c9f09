"""A winter plan: what every crew does, slot by slot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, get_args

from roadplan.errors import RoadplanError
from roadplan.files import replace_text
from roadplan.winter.problem import Problem

FORMAT: Final = "roadplan-winter-plan"
VERSION: Final = 1

MoveKind = Literal["wait", "travel", "plough", "refill"]
KINDS: Final[tuple[MoveKind, ...]] = get_args(MoveKind)


@dataclass(frozen=True, order=True)
class Move:
    """One thing a crew does.

    Parameters
    ----------
    slot
        The moment at which it begins.
    kind
        What it is.
    arc
        Index into the travel arcs (`travel`) or the plough arcs (`plough`); −1 otherwise.
    slots
        How long it takes.
    """

    slot: int
    kind: MoveKind
    arc: int
    slots: int

    @property
    def end(self) -> int:
        """The moment at which it is done; for ploughing, the moment of the pass."""
        return self.slot + self.slots


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every crew does, and what is known of its cost.

    Parameters
    ----------
    crews
        The moves of each crew, in the order of the problem's crews; each begins where and when
        the one before it ends.
    problem_digest
        The fingerprint of the problem it was made for.
    summary
        Plain values for people and scripts: `cost`, `bound`, `gap`, `status`, …
    """

    crews: tuple[tuple[Move, ...], ...]
    problem_digest: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)

    def passes(self, problem: Problem) -> list[list[int]]:
        """Return, for each item, the sorted moments of its passes (each moment once)."""
        moments: list[set[int]] = [set() for _ in range(problem.items)]
        for moves in self.crews:
            for move in moves:
                if move.kind == "plough":
                    moments[int(problem.plough_item[move.arc])].add(move.end)
        return [sorted(each) for each in moments]

    def cost(self, problem: Problem) -> float:
        """Return the cost of the plan in veh·h: waiting of every item plus all moves."""
        total = 0.0
        for item, moments in enumerate(self.passes(problem)):
            inner = [moment for moment in moments if moment < problem.slots]
            stops = [0, *inner, problem.slots]
            total += sum(
                float(problem.cost[item, before, after]) for before, after in pairwise(stops)
            )
        for moves in self.crews:
            for move in moves:
                if move.kind == "travel":
                    total += float(problem.travel_cost[move.arc])
                elif move.kind == "plough":
                    total += float(problem.plough_cost[move.arc])
        return total

    def describe(self, problem: Problem) -> str:
        """Return the plan as text, one line a crew with its passes."""
        lines = []
        for name, moves in zip(problem.crew_name, self.crews, strict=True):
            ploughed = [
                f"{problem.item_name[problem.plough_item[move.arc]]}@{move.end}"
                for move in moves
                if move.kind == "plough"
            ]
            lines.append(f"{name}: {' '.join(ploughed) if ploughed else 'no pass'}")
        return "\n".join(lines)

    def to_json(self, problem: Problem) -> str:
        """Return the plan as JSON text, with names beside the indices."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "problem": self.problem_digest,
            "summary": dict(self.summary),
            "crews": [
                {
                    "crew": str(name),
                    "class": str(problem.class_name[problem.crew_class[index]]),
                    "moves": [_move_document(move, problem) for move in self.crews[index]],
                }
                for index, name in enumerate(problem.crew_name)
            ],
        }
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)

    def save(self, path: str | os.PathLike[str], problem: Problem) -> Path:
        """Write the plan as a JSON file and return its path."""
        return replace_text(path, self.to_json(problem) + "\n")

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan from JSON text.

        Raises
        ------
        RoadplanError
            When the text is not a plan of this version.
        """
        try:
            document = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise RoadplanError(f"the plan is not valid JSON: {error}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise RoadplanError(f"this is not a winter plan: its format is not {FORMAT!r}")
        if document.get("version") != VERSION:
            found = document.get("version")
            raise RoadplanError(f"the plan is of version {found}; this program reads {VERSION}")
        crews = document.get("crews")
        summary = document.get("summary", {})
        if not isinstance(crews, list) or not isinstance(summary, dict):
            raise RoadplanError("the plan lacks its list of crews or its summary")
        return cls(
            crews=tuple(_crew_moves(entry, index) for index, entry in enumerate(crews)),
            problem_digest=str(document.get("problem", "")),
            summary=summary,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Plan:
        """Read a plan file; see :meth:`from_json`."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise RoadplanError(f"there is no file {path}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise RoadplanError(f"{path} cannot be read: {error}") from error
        try:
            return cls.from_json(text)
        except RoadplanError as error:
            raise RoadplanError(f"{path}: {error}") from error


def idle_plan(problem: Problem) -> Plan:
    """Return the plan in which nobody moves."""
    return Plan(crews=((),) * problem.crews, problem_digest=problem.digest)


def _move_document(move: Move, problem: Problem) -> dict[str, Any]:
    document: dict[str, Any] = {
        "slot": move.slot,
        "slots": move.slots,
        "kind": move.kind,
        "arc": move.arc,
    }
    if move.kind == "plough":
        item = int(problem.plough_item[move.arc])
        document["item"] = str(problem.item_name[item])
        document["from"] = str(problem.node_name[problem.item_from[item]])
        document["to"] = str(problem.node_name[problem.item_to[item]])
    elif move.kind == "travel":
        document["from"] = str(problem.node_name[problem.travel_from[move.arc]])
        document["to"] = str(problem.node_name[problem.travel_to[move.arc]])
    return document


def _crew_moves(entry: Any, index: int) -> tuple[Move, ...]:
    moves = entry.get("moves") if isinstance(entry, dict) else None
    if not isinstance(moves, list):
        raise RoadplanError(f"crew {index + 1} of the plan has no list of moves")
    return tuple(_move(move, f"crew {index + 1}, move {n + 1}") for n, move in enumerate(moves))


def _move(entry: Any, where: str) -> Move:
    if not isinstance(entry, dict):
        raise RoadplanError(f"{where}: a move must be an object")
    numbers: Sequence[Any] = [entry.get(key) for key in ("slot", "arc", "slots")]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise RoadplanError(f"{where}: slot, arc and slots must be whole numbers")
    if entry.get("kind") not in KINDS:
        raise RoadplanError(f"{where}: kind must be one of {', '.join(KINDS)}")
    slot, arc, slots = numbers
    return Move(slot, entry["kind"], arc, slots)
