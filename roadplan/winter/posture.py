"""The season's posture: which crew stands at which depot and works which beat.

A beat is a contiguous stretch of one route, both carriageways, that one crew goes round and round.
CP-SAT picks one beat for each crew out of all contiguous stretches, so that the traffic- and
drift-weighted waiting between passes is least. Crews that clear (plough trucks, echelons,
graders), crews that spread and crews held in reserve for deep drifts (rotary blowers) each share
the whole road among themselves; they compete for the places in the depots.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.corridor import Corridor, Position
from roadplan.corridor.events import aggregate, overlay
from roadplan.errors import RoadplanError
from roadplan.i18n import counted
from roadplan.tables.schema import Column, Kind, Table
from roadplan.winter._beats import Atoms, Choice, PostureRules, candidate_beats, choose_beats

LAYERS: Mapping[str, str] = {
    "plough_truck": "clearing",
    "echelon": "clearing",
    "grader": "clearing",
    "spreader": "spreading",
    "rotary_blower": "reserve",
}
"""What the crews of a kind do: each layer shares the whole road among its crews."""


def _column(name: str, kind: Kind, unit: str, en: str, ru: str, kk: str) -> Column:
    return Column(
        name=name, kind=kind, unit=unit, description=en, labels={"en": en, "ru": ru, "kk": kk}
    )


POSTURE_TABLE = Table(
    name="posture",
    description="The season's posture: one row for each crew",
    key=("crew",),
    shape="stretch",
    columns=(
        _column("crew", "id", "", "Crew", "Экипаж", "Экипаж"),
        _column("plough_class", "id", "", "Class", "Класс", "Класы"),
        _column("layer", "text", "", "Work", "Работа", "Жұмыс"),
        _column("depot", "id", "", "Depot id", "Код базы", "База коды"),
        _column("depot_name", "text", "", "Depot", "База", "База"),
        _column("route", "id", "", "Route", "Маршрут", "Бағыт"),
        _column("from_posts", "text", "", "From post", "От км", "Басы, км"),
        _column("to_posts", "text", "", "To post", "До км", "Соңы, км"),
        _column("from_m", "number", "m", "From, m", "Начало, м", "Басы, м"),
        _column("to_m", "number", "m", "To, m", "Конец, м", "Соңы, м"),
        _column("length_km", "number", "km", "Length, km", "Длина, км", "Ұзындығы, км"),
        _column("round_h", "number", "h", "Round, h", "Оборот, ч", "Айналым, сағ"),
        _column("access_km", "number", "km", "Way to the beat, km", "Путь, км", "Жол, км"),
        _column("standing", "text", "", "Standing", "Статус", "Мәртебесі"),
    ),
)
"""The posture as a sheet people read."""


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One crew with its depot and the stretch it works.

    Parameters
    ----------
    crew
        Identifier, made of class and a running number.
    plough_class, layer
        Its class, and what it does: `clearing`, `spreading` or `reserve`.
    depot
        Where it stands.
    route, from_m, to_m
        The stretch, both carriageways.
    round_h
        Hours for one round, hence between two passes; for a reserve crew the weighted mean hours
        until it is there.
    access_km
        Way from the depot to the nearer end of the beat; 0 where the depot lies inside.
    """

    crew: str
    plough_class: str
    layer: str
    depot: str
    route: str
    from_m: float
    to_m: float
    round_h: float
    access_km: float

    @property
    def length_km(self) -> float:
        """Length of the stretch."""
        return (self.to_m - self.from_m) / 1000


@dataclass(frozen=True, kw_only=True)
class Posture:
    """A posture with the proof of how good it is.

    Parameters
    ----------
    beats
        One for each crew that has work, in road order by layer.
    idle
        Crews left over by class: there are more than the depots hold.
    unserved_km
        Length without a crew by layer.
    cost, bound
        Weighted waiting in vehicle-kilometres a day × hours, and the proven lower bound.
    optimal
        Whether the cost is proven least.
    """

    beats: tuple[Beat, ...]
    idle: Mapping[str, int]
    unserved_km: Mapping[str, float]
    cost: float
    bound: float
    optimal: bool

    @property
    def gap(self) -> float:
        """How far the cost can be from the least possible, as a share of the cost."""
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > 0 else 0.0

    def table(self, corridor: Corridor | None = None) -> pd.DataFrame:
        """Return one row for each crew; with a corridor also the posts and the depot's name."""
        columns = list(Beat.__dataclass_fields__)
        frame = pd.DataFrame([vars(beat) for beat in self.beats], columns=columns)
        frame["length_km"] = (frame["to_m"] - frame["from_m"]) / 1000
        if corridor is not None and len(frame):
            frame["from_posts"] = _posts(corridor, frame["route"], frame["from_m"])
            frame["to_posts"] = _posts(corridor, frame["route"], frame["to_m"])
            frame["depot_name"] = [corridor.depot(depot).names.en for depot in frame["depot"]]
        # What a posture says follows from estimated depots and fleets: it is never a report.
        frame["standing"] = "estimated"
        return frame

    def summary(self) -> str:
        """Return the posture in a few lines."""
        if not self.beats:
            return "No crew has work: there are no crews, no depot places or no segments."
        rounds = [beat for beat in self.beats if beat.layer != "reserve"]
        depots = counted(len({beat.depot for beat in self.beats}), "depot")
        lines = [f"{counted(len(self.beats), 'crew')} at {depots}"]
        if rounds:
            longest = max(rounds, key=lambda beat: beat.round_h)
            mean = float(np.mean([beat.round_h for beat in rounds]))
            lines.append(
                f"a pass every {mean:.1f} h on average, every {longest.round_h:.1f} h at the most "
                f"({longest.crew})"
            )
        for layer, km in self.unserved_km.items():
            if km > 0:
                lines.append(f"{km:,.0f} km without a {layer} crew")
        for plough_class, count in self.idle.items():
            lines.append(f"{count} × {plough_class} left over: no place in a depot or no need")
        proof = "proven best" if self.optimal else f"at most {self.gap:.1%} from the best possible"
        lines.append(f"weighted waiting {self.cost:,.0f} veh·km/day·h, {proof}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        text = html.escape(self.summary()).replace("\n", "<br>")
        shown = self.table()[["crew", "depot", "route", "length_km", "round_h", "access_km"]]
        return f"<p>{text}</p>{shown.round(1).to_html(index=False)}"


def plan_posture(
    corridor: Corridor,
    *,
    machines: pd.DataFrame | None = None,
    rules: PostureRules | None = None,
    time_limit_s: float = 20.0,
    seed: int = 1,
) -> Posture:
    """Assign crews to depots and beats so that the weighted waiting between passes is least.

    Parameters
    ----------
    corridor
        The road with its depots, traffic and drift-prone stretches. Where the traffic of a
        segment is not known, the mean of the others stands in.
    machines
        Crews by class, columns `plough_class` and `crews`; the corridor's own by default.
    rules
        What is weighed.
    time_limit_s
        When to stop with the best posture found so far. The shipped corridor is proven long
        before; where the limit stops the search, the result may differ from run to run.
    seed
        Seed of the solver.

    Returns
    -------
    Posture
        With its cost, a proven bound and the gap between them.

    Raises
    ------
    RoadplanError
        A class of `machines` is unknown, or the corridor has no segments.

    Notes
    -----
    The cost of a beat is the traffic of its segments (vehicle-kilometres a day, those prone to
    drifts counting `1 + drift_weight · exposure` times) × (half a round + `access_weight` × way
    to the beat). The candidates are all contiguous stretches up to three times the fair share of
    a crew, each from its four nearest depots; the bound is on postures made of them.
    """
    rules = rules or PostureRules()
    atoms = _atoms(corridor, rules)
    crews = _crews(corridor, machines)
    depots = corridor.table("depots")
    beats = candidate_beats(atoms, crews, depots, _ways(corridor, atoms, depots), rules)
    choice = choose_beats(atoms, crews, depots, beats, time_limit_s=time_limit_s, seed=seed)
    return _posture(atoms, crews, depots, beats, choice)


def _posts(corridor: Corridor, routes: pd.Series, stations: pd.Series) -> list[str]:
    return [
        " · ".join(corridor.posts(Position(route, min(float(m), corridor.route(route).length_m))))
        for route, m in zip(routes, stations, strict=True)
    ]


def _atoms(corridor: Corridor, rules: PostureRules) -> Atoms:
    frame = corridor.table("segments")
    if frame.empty:
        raise RoadplanError("the corridor has no segments; add segments.csv")
    order = {route: number for number, route in enumerate(corridor.routes)}
    frame = frame.sort_values(["route", "from_m"], key=lambda c: c.map(order).fillna(c))
    frame = frame.reset_index(drop=True)
    length_km = ((frame["to_m"] - frame["from_m"]) / 1000).to_numpy(float)
    traffic = aggregate(corridor.table("traffic"), frame, "aadt_veh_day").to_numpy(float)
    known = np.isfinite(traffic)
    mean = np.average(traffic[known], weights=length_km[known]) if known.any() else 1.0
    traffic = np.where(known, traffic, mean)
    drift = _exposure(corridor, frame)
    broken = (frame["route"] != frame["route"].shift()) | (
        (frame["from_m"] - frame["to_m"].shift()).abs() > 1
    )
    return Atoms(
        frame=frame,
        length_km=length_km,
        weight=traffic * length_km * (1 + rules.drift_weight * drift),
        drift=traffic * length_km * drift,
        run=broken.cumsum().to_numpy(dtype=np.intp),
    )


def _exposure(corridor: Corridor, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of each segment that is prone to drifts."""
    drifts = corridor.table("drift_stretches")
    if drifts.empty:
        return np.zeros(len(frame))
    targets = frame[["route", "from_m", "to_m"]].assign(target=np.arange(len(frame)))
    pieces = overlay(targets, drifts[["route", "from_m", "to_m", "exposure"]])
    metres = (pieces["to_m"] - pieces["from_m"]) * pieces["exposure"]
    total = np.bincount(pieces["target"], weights=metres, minlength=len(frame))
    return np.asarray(total / (frame["to_m"] - frame["from_m"]).to_numpy(float))


def _crews(corridor: Corridor, machines: pd.DataFrame | None) -> pd.DataFrame:
    classes = corridor.table("plough_classes")
    counts = corridor.table("machines") if machines is None else machines
    unknown = set(counts["plough_class"]) - set(classes["plough_class"])
    if unknown:
        raise RoadplanError(
            f"unknown plough class {', '.join(sorted(map(str, unknown)))}; "
            f"there are {', '.join(classes['plough_class'])}"
        )
    totals = counts.groupby("plough_class", sort=False)["crews"].sum()
    if (totals < 0).any():
        raise RoadplanError("the number of crews of a class cannot be negative")
    crews = classes[classes["plough_class"].isin(totals.index)].copy()
    crews["crews"] = crews["plough_class"].map(totals).astype(int)
    crews["layer"] = crews["kind"].map(LAYERS)
    return crews.reset_index(drop=True)


def _ways(corridor: Corridor, atoms: Atoms, depots: pd.DataFrame) -> NDArray[np.float64]:
    """Return the way in metres from each depot to the ends of each atom, (depot, atom, 2)."""
    places = [Position(row.route, float(row.station_m)) for row in depots.itertuples()]
    lengths = {key: route.length_m for key, route in corridor.routes.items()}
    ends = [
        [Position(row.route, min(float(m), lengths[row.route])) for m in (row.from_m, row.to_m)]
        for row in atoms.frame.itertuples()
    ]
    if not places:
        return np.zeros((0, len(atoms.frame), 2))
    flat = corridor.network.distances_m(places, [end for pair in ends for end in pair])
    access = depots["access_m"].fillna(0).to_numpy(float)
    return np.asarray(flat.reshape(len(places), len(ends), 2) + access[:, None, None])


def _posture(
    atoms: Atoms, crews: pd.DataFrame, depots: pd.DataFrame, beats: pd.DataFrame, choice: Choice
) -> Posture:
    order = list(dict.fromkeys(crews["layer"]))
    chosen = beats.loc[choice.beats]
    chosen = chosen.assign(order=chosen["layer"].map(order.index)).sort_values(["order", "first"])
    number = chosen.groupby("plough_class").cumcount() + 1
    made = tuple(
        Beat(
            crew=f"{row.plough_class}-{index:02d}",
            plough_class=str(row.plough_class),
            layer=str(row.layer),
            depot=str(depots["depot"].iloc[row.depot]),
            route=str(atoms.frame["route"].iloc[row.first]),
            from_m=float(atoms.frame["from_m"].iloc[row.first]),
            to_m=float(atoms.frame["to_m"].iloc[row.last]),
            round_h=float(row.round_h),
            access_km=float(row.access_m) / 1000,
        )
        for row, index in zip(chosen.itertuples(), number, strict=True)
    )
    used = chosen["plough_class"].value_counts()
    spare = crews.set_index("plough_class")["crews"].sub(used, fill_value=0).astype(int)
    unserved = dict.fromkeys(order, 0.0)
    for layer, atom in choice.unserved:
        unserved[layer] += float(atoms.length_km[atom])
    return Posture(
        beats=made,
        idle={str(name): int(count) for name, count in spare.items() if count > 0},
        unserved_km=unserved,
        cost=choice.cost,
        bound=choice.bound,
        optimal=choice.optimal,
    )
