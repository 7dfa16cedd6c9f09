"""S-curves: the share of the works planned, done, and forecast with bands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.maps import palette
from roadplan.maps.chart_paper import PAPERS, dress, figure, month_ticks, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class SCurves:
    """What a chart of S-curves shows.

    Parameters
    ----------
    today
        The day whose line is drawn.
    planned, actual
        Share planned and done by the end of a day: columns `day` and `share` (0–1); `actual` has
        no row where nothing was reported.
    bands
        Quantiles of the forecast share: `day` and one column for each level, as from
        :meth:`roadplan.progress.forecast_result.Forecast.bands`.
    deadline
        The promised day.
    finishes
        What is marked on the upper edge, e.g. ``{"P50": day}``.
    title, note
        Title, and what must stand below, by language.
    """

    today: dt.date
    planned: pd.DataFrame
    actual: pd.DataFrame
    bands: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"day": []}))
    deadline: dt.date | None = None
    finishes: Mapping[str, dt.date | None] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, frame in (("planned", self.planned), ("actual", self.actual)):
            if not {"day", "share"} <= set(frame.columns):
                raise RoadplanError(f"the {name} curve needs the columns day and share")

    def draw(self, *, language: str = "ru", paper: str = "a3", ax: Axes | None = None) -> Figure:
        """Draw the curves; parameters as for a march chart."""
        sheet = PAPERS[paper]
        made, axes = figure(sheet, ax)
        self._draw_bands(axes, language)
        plan, done = say("Planned", language), say("Done", language)
        axes.plot(
            _days(self.planned["day"]) + 1,
            100 * self.planned["share"].to_numpy(float),
            color=palette.BLACK,
            lw=sheet.thin * 1.4,
            dashes=(5, 2),
            label=plan,
        )
        axes.plot(
            _days(self.actual["day"]) + 1,
            100 * self.actual["share"].to_numpy(float),
            color=palette.BLUE,
            lw=sheet.thick,
            label=done,
        )
        at = _days([self.today])[0] + 1
        label = f"{say('Today', language)} {self.today:%d.%m.%Y}"
        axes.axvline(at, color=palette.VERMILLION, lw=sheet.thin * 1.3, label=label)
        if self.deadline is not None:
            label = f"{say('Deadline', language)} {self.deadline:%d.%m.%Y}"
            axes.axvline(
                _days([self.deadline])[0] + 1,
                color=palette.PURPLE,
                lw=sheet.thin * 1.3,
                dashes=(1.5, 1.5),
                label=label,
            )
        self._draw_finishes(axes, sheet.small, sheet.mark)
        first, last = axes.get_xlim()
        days, texts = month_ticks(first, last, language, most=max(6, sheet.ticks // 2))
        axes.set_xticks(days, texts, rotation=sheet.turn, ha="right")
        axes.set_xlim(first, last)
        axes.set_ylim(0, 106)
        axes.set_yticks(range(0, 101, 10 if sheet.columns > 2 else 20))
        axes.tick_params(labelsize=sheet.small)
        axes.set_ylabel(say("Share of the works, %", language), fontsize=sheet.text)
        axes.grid(visible=True, color="#E4E4E4", lw=0.5)
        dress(
            made,
            axes,
            sheet,
            title=self.title.get(language) or self.title.get("en", ""),
            note=self.note.get(language) or self.note.get("en", ""),
        )
        return made

    def save(self, path: Any, *, language: str = "ru", paper: str = "a3") -> None:
        """Draw the curves and write them as SVG or PNG, by the suffix."""
        from roadplan.maps.chart_paper import save

        save(self.draw(language=language, paper=paper), path)

    def _draw_bands(self, axes: Axes, language: str) -> None:
        """Draw the forecast: pairs of levels as bands with a hatch each, the middle as a line."""
        levels = sorted(name for name in self.bands.columns if name != "day")
        if not len(self.bands):
            return
        days = _days(self.bands["day"]) + 1
        hatches = ("", "////")
        pairs = [(low, 1 - low) for low in levels if low < 0.5]
        for (low, high), hatch, alpha in zip(pairs, hatches, (0.18, 0.3), strict=False):
            if not any(abs(level - high) < 1e-9 for level in levels):
                continue
            upper = min(levels, key=lambda level: abs(level - high))
            axes.fill_between(
                days,
                100 * self.bands[low],
                100 * self.bands[upper],
                facecolor=(0.9, 0.62, 0.0, alpha),
                edgecolor=(0.78, 0.49, 0.0, 0.55),
                hatch=hatch,
                lw=0.4,
                label=f"{say('Forecast', language)} {100 * low:.0f}–{100 * upper:.0f} %",
            )
        if 0.5 in levels:
            axes.plot(
                days,
                100 * self.bands[0.5],
                color=palette.ORANGE,
                lw=1.8,
                dashes=(7, 2, 1.5, 2),
                label=f"{say('Forecast', language)} P50",
            )

    def _draw_finishes(self, axes: Axes, size: float, mark: float) -> None:
        for number, (name, day) in enumerate(self.finishes.items()):
            if day is None:
                continue
            at = _days([day])[0] + 1
            low = 4 + 6 * number
            axes.plot([at, at], [low, 100], color=palette.ORANGE, lw=0.9, dashes=(1, 2), zorder=1)
            axes.plot(at, 100, marker="v", color=palette.ORANGE, mec=palette.BLACK, ms=mark, ls="")
            axes.annotate(
                f"{name} {day:%d.%m.%Y}",
                (at, low),
                xytext=(-3, 0),
                textcoords="offset points",
                fontsize=size,
                ha="right",
                va="bottom",
                bbox={"fc": "white", "ec": "none", "alpha": 0.85, "pad": 1},
            )


def _days(days: pd.Series | Sequence[dt.date]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return days as matplotlib counts them: since 1 January 1970."""
    stamps = np.asarray(pd.to_datetime(pd.Series(days)), dtype="datetime64[D]")
    return np.asarray(stamps.astype(np.int64), dtype=np.float64)
