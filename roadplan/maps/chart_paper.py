"""What charts share: sheets they read well on, words in three languages, files."""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.files import replace_bytes
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps.palette import VERMILLION

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOMAIN = "progress_charts"

_FONT: Any = {
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "svg.hashsalt": "roadplan",
    "axes.spines.right": False,
}
_FORMATS = ("svg", "png")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A size of chart with the sizes of what is on it.

    Parameters
    ----------
    width_in, height_in
        Size in inches.
    dpi
        Resolution of a PNG.
    title, text, small
        Font sizes in points.
    thick, thin, mark
        Line widths and marker size in points.
    ticks
        Most ticks across.
    turn
        Rotation of the posts in degrees.
    columns
        Columns of the legend.
    letters
        Most letters in a line of the title.
    pad
        Points between title and axes.
    """

    width_in: float
    height_in: float
    dpi: int
    title: float
    text: float
    small: float
    thick: float
    thin: float
    mark: float
    ticks: int
    turn: float
    columns: int
    letters: int
    pad: float


PAPERS: Mapping[str, Paper] = {
    "a3": Paper(
        width_in=16.54,
        height_in=11.69,
        dpi=150,
        title=18,
        text=13,
        small=11,
        thick=3.2,
        thin=1.3,
        mark=8,
        ticks=22,
        turn=40,
        columns=4,
        letters=90,
        pad=12,
    ),
    "phone": Paper(
        width_in=4.2,
        height_in=7.4,
        dpi=200,
        title=11,
        text=8.5,
        small=7.5,
        thick=2.4,
        thin=0.9,
        mark=4.5,
        ticks=6,
        turn=60,
        columns=2,
        letters=36,
        pad=8,
    ),
}
"""Sheets by name: A3 landscape, and a phone held upright."""


def figure(paper: Paper, ax: Axes | None = None) -> tuple[Figure, Axes]:
    """Return a figure of a sheet with its axes, or the figure of given axes.

    The figure is no part of pyplot: nothing has to be closed, and no window opens.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if ax is not None:
        found = ax.figure
        while not isinstance(found, Figure):
            found = found.figure
        return found, ax
    with rc_context(_FONT):
        made = Figure(
            figsize=(paper.width_in, paper.height_in), dpi=paper.dpi, layout="constrained"
        )
        return made, made.add_subplot()


def dress(
    made: Figure,
    axes: Axes,
    paper: Paper,
    *,
    title: str,
    note: str,
    handles: Sequence[Artist] | None = None,
) -> None:
    """Give a chart its title, its legend below, and what must stand at its foot."""
    if handles is None:
        handles = axes.get_legend_handles_labels()[0]
    lines = "\n".join(textwrap.wrap(title, paper.letters))
    axes.set_title(lines, fontsize=paper.title, loc="left", pad=paper.pad)
    wide = 0.7 * paper.letters / paper.columns * paper.title / paper.small
    made.legend(
        handles=handles,
        labels=[textwrap.fill(str(handle.get_label()), max(int(wide), 12)) for handle in handles],
        loc="outside lower center",
        ncols=paper.columns,
        fontsize=paper.small,
        frameon=False,
        handlelength=3.0,
        columnspacing=1.2,
    )
    if note:
        lines = "\n".join(textwrap.wrap(note, 2 * paper.letters))
        made.suptitle(lines, fontsize=paper.small, color=VERMILLION, x=0.01, ha="left")


def month_axis(axes: Axes, first: float, last: float, language: str, paper: Paper) -> None:
    """Put month ticks on the upright axis between two moments, in days since 1970."""
    days, texts = month_ticks(first, last, language, most=18 if paper.columns > 2 else 12)
    axes.set_yticks(days, texts)
    axes.grid(visible=True, axis="y", color="#E4E4E4", lw=0.5, zorder=1)


def month_ticks(
    first: float, last: float, language: str, *, most: int = 14
) -> tuple[list[float], list[str]]:
    """Return the first days of months between two moments, and what is written there.

    Parameters
    ----------
    first, last
        Days since 1970.
    language
        Language of the months; the year stands with the first tick of each year.
    most
        Most ticks.
    """
    ends = np.array([np.floor(first), np.ceil(last)]).astype(np.int64)
    whole = ends.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = np.arange(whole[0], whole[1] + 1).astype("datetime64[M]")
    step = next((s for s in (1, 2, 3, 6, 12) if len(months) / s <= most), 24)
    days, texts = [], []
    year = -1
    for month in months:
        number = int(month.astype(int))
        day = float(month.astype("datetime64[D]").astype(int))
        if number % min(step, 12) or (step > 12 and (number // 12) % 2) or not first <= day <= last:
            continue
        this_year = 1970 + number // 12
        name = say(_MONTHS[number % 12], language)
        if step >= 12:
            texts.append(str(this_year))
        else:
            texts.append(f"{name} {this_year}" if this_year != year else name)
        year = this_year
        days.append(day)
    return days, texts


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say(text: str, language: str) -> str:
    """Return a text of the charts in a language."""
    if language not in LANGUAGES:
        raise RoadplanError(f"language '{language}' is none of {', '.join(LANGUAGES)}")
    return translate(text, language, DOMAIN)


def picture(made: Figure, kind: str) -> bytes:
    """Return a figure as an SVG or PNG file; the same figure gives the same bytes.

    Raises
    ------
    RoadplanError
        The kind is neither.
    """
    from matplotlib import rc_context

    if kind not in _FORMATS:
        raise RoadplanError(f"a chart is saved as .svg or .png, not as .{kind}")
    stream = io.BytesIO()
    metadata: dict[str, str | None] = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context(_FONT):
        made.savefig(stream, format=kind, metadata=metadata)
    return stream.getvalue()


def save(made: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as SVG or PNG, by the suffix of the path, wholly or not at all."""
    kind = Path(path).suffix.lstrip(".").lower()
    replace_bytes(path, picture(made, kind))
