"""The march chart (time–chainage diagram): where along the road work is when, planned and done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.maps import palette
from roadplan.maps.chart_paper import PAPERS, Paper, dress, figure, month_axis, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from roadplan.corridor.model import Corridor

STRETCH_COLUMNS = ("work_type", "from_m", "to_m", "start", "finish", "standing")
"""What is drawn along the road: half-open stretches with first and last day."""

SYMBOL_COLUMNS = ("kind", "station_m", "day", "state", "standing")
"""What is drawn at a place: `state` is `planned`, `done` or `open` (a bypass road in use)."""


@dataclass(frozen=True, kw_only=True)
class LineLook:
    """How the lines of one work type look: colour, dashes and a marker that tell it apart."""

    colour: str
    dash: tuple[float, ...] = ()
    marker: str = ""


LOOKS: Sequence[LineLook] = (
    LineLook(colour=palette.BLACK, marker="s"),
    LineLook(colour=palette.ORANGE, dash=(5, 1.5), marker="^"),
    LineLook(colour=palette.GREEN, dash=(2, 1.2), marker="D"),
    LineLook(colour=palette.BLUE, marker="o"),
    LineLook(colour=palette.VERMILLION, dash=(7, 1.5, 1.5, 1.5), marker="v"),
    LineLook(colour=palette.PURPLE, dash=(3, 1.5), marker="P"),
    LineLook(colour=palette.SKY, dash=(1, 1), marker="X"),
)
"""Looks in turn for the work types of a chart."""

MARKS: Mapping[str, str] = {
    "bridge": "H",
    "overpass": "^",
    "railway_overpass": "^",
    "interchange": "D",
    "farm_crossing": "v",
    "detour": "o",
    "rest_area": "s",
}
"""Kind of thing on the road → marker."""

KIND_WORDS: Mapping[str, str] = {
    "bridge": "Bridge",
    "overpass": "Overpass",
    "railway_overpass": "Railway overpass",
    "interchange": "Interchange",
    "farm_crossing": "Overpass for farm machinery",
    "detour": "Bypass road",
    "rest_area": "Rest area",
}

STATE_WORDS: Mapping[str, str] = {
    "planned": "white: planned",
    "done": "black: finished",
    "open": "red: in use",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class MarchChart:
    """What a march chart shows; drawn by :meth:`draw` or saved by :meth:`save`.

    Parameters
    ----------
    route
        The route whose stations run across.
    from_m, to_m
        The stretch that is shown.
    today
        The day whose line is drawn.
    planned, actual
        Stretches with :data:`STRETCH_COLUMNS`. What is done is drawn thick, plans thin.
    names
        Work type → name by language; also the order of the legend.
    symbols
        Things at a place, with :data:`SYMBOL_COLUMNS`.
    seasons
        Paving seasons as pairs of first and last day.
    posts
        Ticks across: station in metres and what is written there.
    posting
        The kilometre system of the ticks.
    title
        Title by language.
    note
        What must stand below, by language: e.g. that the data are simulated.
    """

    route: str
    from_m: float
    to_m: float
    today: dt.date
    planned: pd.DataFrame
    actual: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]
    symbols: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SYMBOL_COLUMNS))
    seasons: Sequence[tuple[dt.date, dt.date]] = ()
    posts: Sequence[tuple[float, str]] = ()
    posting: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.from_m < self.to_m:
            raise RoadplanError("a march chart needs a stretch with a beginning below its end")
        for name, frame in (("planned", self.planned), ("actual", self.actual)):
            missing = [column for column in STRETCH_COLUMNS if column not in frame]
            if missing:
                raise RoadplanError(f"the {name} stretches lack {', '.join(missing)}")
            unknown = sorted(set(frame["work_type"]) - set(self.names))
            if unknown:
                raise RoadplanError(f"no name is given for work type {', '.join(unknown)}")
        if len(self.names) > len(LOOKS):
            raise RoadplanError(
                f"a march chart tells {len(LOOKS)} work types apart; {len(self.names)} are too many"
            )

    def draw(self, *, language: str = "ru", paper: str = "a3", ax: Axes | None = None) -> Figure:
        """Draw the chart.

        Parameters
        ----------
        language
            `ru`, `kk` or `en`.
        paper
            `a3` for print and large screens, `phone` for a narrow one.
        ax
            Where to draw; a new figure of the paper's size by default.
        """
        sheet = PAPERS[paper]
        made, axes = figure(sheet, ax)
        self._shade(axes)
        looks = dict(zip(self.names, LOOKS, strict=False))
        for frame, done in ((self.planned, False), (self.actual, True)):
            for row in frame.to_dict("records"):
                self._stretch(axes, row, looks[row["work_type"]], sheet, done=done)
        self._draw_symbols(axes, sheet)
        self._today(axes, language, sheet)
        self._frame(axes, language, sheet)
        dress(
            made,
            axes,
            sheet,
            title=self.title.get(language) or self.title.get("en", ""),
            note=self.note.get(language) or self.note.get("en", ""),
            handles=self._handles(looks, language, sheet),
        )
        return made

    def save(self, path: Any, *, language: str = "ru", paper: str = "a3") -> None:
        """Draw the chart and write it as SVG or PNG, by the suffix."""
        from roadplan.maps.chart_paper import save

        save(self.draw(language=language, paper=paper), path)

    # -- parts --------------------------------------------------------------------------------

    def _shade(self, axes: Axes) -> None:
        for first, last in self.seasons:
            axes.axhspan(_number(first), _number(last) + 1, color="#F3E9C6", zorder=0, lw=0)

    def _stretch(
        self, axes: Axes, row: Mapping[Any, Any], look: LineLook, sheet: Paper, *, done: bool
    ) -> None:
        """Draw work on a stretch: a slanted line from where it begins to where it ends."""
        begin, end = max(row["from_m"], self.from_m), min(row["to_m"], self.to_m)
        if begin >= end:
            return
        times = [_number(row["start"]), _number(row["finish"]) + 1]
        style: dict[str, Any] = {"color": look.colour, "solid_capstyle": "butt"}
        if done:
            hollow = row["standing"] == "estimated"
            style |= {"lw": sheet.thick, "zorder": 4, "alpha": 0.95}
            if look.dash:
                style["dashes"] = look.dash
            axes.plot([begin / 1000, end / 1000], times, **style)
            if hollow:
                axes.plot(
                    [begin / 1000, end / 1000],
                    times,
                    color="white",
                    lw=sheet.thick * 0.45,
                    zorder=5,
                )
            return
        style |= {"lw": sheet.thin, "zorder": 3, "alpha": 0.75}
        if look.dash:
            style["dashes"] = look.dash
        axes.plot([begin / 1000, end / 1000], times, **style)

    def _draw_symbols(self, axes: Axes, sheet: Paper) -> None:
        for row in self.symbols.to_dict("records"):
            if not self.from_m <= row["station_m"] < self.to_m:
                continue
            axes.plot(
                row["station_m"] / 1000,
                _number(row["day"]) + 0.5,
                zorder=5.5 if row["kind"] == "detour" else 6,
                **_mark(row["kind"], row["state"], sheet),
            )

    def _today(self, axes: Axes, language: str, sheet: Paper) -> None:
        at = _number(self.today) + 0.5
        axes.axhline(at, color=palette.VERMILLION, lw=sheet.thin * 1.3, zorder=7)
        axes.annotate(
            f"{say('Today', language)} {self.today:%d.%m.%Y}",
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            zorder=8,
            fontsize=sheet.small,
            color=palette.VERMILLION,
            bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1},
        )

    def _frame(self, axes: Axes, language: str, sheet: Paper) -> None:
        axes.set_xlim(self.from_m / 1000, self.to_m / 1000)
        first, last = self._span()
        axes.set_ylim(last, first)
        month_axis(axes, first, last, language, sheet)
        axes.set_xlabel(say("Distance along the route, km", language), fontsize=sheet.text)
        axes.tick_params(labelsize=sheet.small)
        axes.grid(visible=True, axis="x", color="#DDDDDD", lw=0.5, zorder=1)
        shown = [(m, text) for m, text in self.posts if self.from_m <= m <= self.to_m]
        if shown:
            step = max(1, int(np.ceil(len(shown) / sheet.ticks)))
            top = axes.secondary_xaxis("top")
            top.set_xticks([m / 1000 for m, _ in shown[::step]], [t for _, t in shown[::step]])
            top.tick_params(labelsize=sheet.small, rotation=sheet.turn, length=3)
            label = say("Kilometre post", language)
            label = f"{label} ({self.posting})" if self.posting else label
            top.set_xlabel(label, fontsize=sheet.text)

    def _span(self) -> tuple[float, float]:
        """Return first and last moment on the chart."""
        days = [self.today]
        for frame in (self.planned, self.actual):
            days += [*frame["start"], *frame["finish"]]
        days += list(self.symbols["day"])
        known = [_number(day) for day in days if not pd.isna(day)]
        margin = max((max(known) - min(known)) * 0.02, 5)
        return min(known) - margin, max(known) + margin

    def _handles(self, looks: Mapping[str, LineLook], language: str, sheet: Paper) -> list[Any]:
        """Return the keys of the legend."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        used = {*self.planned["work_type"], *self.actual["work_type"]}
        handles: list[Any] = []
        for name, look in looks.items():
            if name not in used:
                continue
            line = Line2D([], [], color=look.colour, lw=sheet.thick)
            if look.dash:
                line.set_linestyle((0, look.dash))
            line.set_label(self.names[name].get(language) or self.names[name]["en"])
            handles.append(line)
        grey = palette.GREY
        handles += [
            Line2D([], [], color=grey, lw=sheet.thin, label=say("thin: planned", language)),
            Line2D([], [], color=grey, lw=sheet.thick, label=say("thick: done", language)),
        ]
        if self._has_estimates():
            text = say("hollow: estimated", language)
            handles.append(Patch(fc="white", ec=grey, lw=sheet.thin * 1.5, label=text))
        if self.seasons:
            handles.append(Patch(fc="#F3E9C6", ec="#C9B875", label=say("Paving season", language)))
        for kind in dict.fromkeys(self.symbols["kind"]):
            text = say(KIND_WORDS.get(kind, kind), language)
            handles.append(_key(kind, "done", sheet, text))
        for state in dict.fromkeys(self.symbols["state"]):
            handles.append(_key("", state, sheet, say(STATE_WORDS.get(state, state), language)))
        return handles

    def _has_estimates(self) -> bool:
        return bool((self.actual["standing"] == "estimated").any())


def post_ticks(
    corridor: Corridor, route: str, from_m: float, to_m: float, *, every_km: float = 25.0
) -> list[tuple[float, str]]:
    """Return round kilometre posts on a stretch, as ticks: station in metres and the post.

    Parameters
    ----------
    corridor, route
        The road and the route; the first posting that the route has is used.
    from_m, to_m
        The stretch.
    every_km
        Distance of the posts.
    """
    breaks = corridor.postings.breaks
    mine = breaks[breaks["route"] == route]
    if mine.empty:
        return []
    posting = first_posting(corridor, route)
    found: list[tuple[float, str]] = []
    for row in mine[mine["posting"] == posting].to_dict("records"):
        first, last = sorted((row["from_post_km"], row["to_post_km"]))
        posts = np.arange(np.ceil(first / every_km) * every_km, last + 1e-9, every_km)
        share = (posts - row["from_post_km"]) / (row["to_post_km"] - row["from_post_km"])
        stations = row["from_m"] + share * (row["to_m"] - row["from_m"])
        found += [
            (float(m), f"{post:g}")
            for m, post in zip(stations, posts, strict=True)
            if from_m <= m <= to_m
        ]
    return sorted(set(found))


def first_posting(corridor: Corridor, route: str) -> str:
    """Return the first kilometre system that a route has; empty where it has none."""
    breaks = corridor.postings.breaks
    own = set(breaks.loc[breaks["route"] == route, "posting"])
    return next((name for name in corridor.postings.names if name in own), "")


def _mark(kind: str, state: str, sheet: Paper) -> dict[str, Any]:
    """Return how a thing is drawn; a bypass road is a ring around its structure."""
    ring = kind == "detour"
    colour = palette.VERMILLION if state == "open" else palette.BLACK
    return {
        "ls": "",
        "marker": MARKS.get(kind, "o"),
        "ms": sheet.mark * (1.75 if ring else 1.0),
        "mew": sheet.thin,
        "mec": colour,
        "mfc": "none" if ring else colour if state == "done" else "white",
    }


def _key(kind: str, state: str, sheet: Paper, text: str) -> Any:
    """Return the key of a thing or of a state in the legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=text, **_mark(kind, state, sheet))


def _number(day: Any) -> float:
    """Return a day as matplotlib counts days: since 1 January 1970."""
    return float(np.asarray(day, dtype="datetime64[D]").astype(np.int64))
