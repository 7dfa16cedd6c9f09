"""``roadplan progress forecast``, ``backtest`` and ``chart``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadplan.cli._ledger_options import as_of_options, ledger_option, moments, work_of
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.errors import RoadplanError
from roadplan.i18n import counted

if TYPE_CHECKING:
    import pandas as pd

    from roadplan.corridor import Corridor
    from roadplan.progress import AsOf, WorkItems
    from roadplan.progress.forecast import Settings
    from roadplan.progress.forecast_result import Forecast


def _settings_options(command: Any) -> Any:
    """Add the options that say how a forecast is made."""
    for option in (
        click.option("--seed", default=1, show_default=True, help="Seed of the random numbers."),
        click.option("--draws", type=click.IntRange(100, 1_000_000), help="Number of draws."),
        click.option(
            "--seasons",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="CSV",
            help="Seasons and winter stops; those that come with roadplan by default.",
        ),
        click.option(
            "--assumptions",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="CSV",
            help="Assumptions of the forecast; those that come with roadplan by default.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@ledger_option
@corridor_option
@as_of_options
@_settings_options
@click.option(
    "--deadline",
    "deadline_texts",
    multiple=True,
    metavar="[CONTRACT=]DAY",
    help="Promised day of a contract or of everything; the plan's last days by default.",
)
@click.option(
    "--extra-crew",
    metavar="TYPE:CONTRACT | TYPE:POST..POST",
    help="What one more crew would change, e.g. upper-asphalt:m36:1500..m36:1550.",
)
@json_option
def forecast(
    ledger_place: str,
    corridor_path: Path | None,
    as_of: str | None,
    recorded_by: str | None,
    seed: int,
    draws: int | None,
    seasons: Path | None,
    assumptions: Path | None,
    deadline_texts: tuple[str, ...],
    extra_crew: str | None,
    *,
    as_json: bool,
) -> None:
    """Say when the works will really end, with reasons."""
    from roadplan.progress.forecast import DRAWS, with_extra_crew
    from roadplan.progress.forecast import forecast as make
    from roadplan.progress.forecast_ledger import contract_deadlines, earned_status

    road, items = work_of(corridor_path)
    moment = moments(as_of, recorded_by)
    frame, history = _known(ledger_place, items, moment)
    deadlines = contract_deadlines(frame) | _deadlines(deadline_texts, frame)
    settings = _settings(draws or DRAWS, seed, seasons, assumptions)
    richer = None
    if extra_crew:
        said, richer = with_extra_crew(
            frame,
            history,
            _crew(road, extra_crew),
            as_of=moment.work_date,
            deadlines=deadlines,
            settings=settings,
        )
    else:
        said = make(frame, history, as_of=moment.work_date, deadlines=deadlines, settings=settings)
    earned = {
        contract: earned_status(frame, history, as_of=moment.work_date, contract=contract)
        for contract in ("", *said.contracts)
    }
    if as_json:
        document = said.as_dict() | {
            "earned_schedule": {name or "whole": _status(each) for name, each in earned.items()}
        }
        if richer is not None:
            document["with_extra_crew"] = richer.as_dict()["finish"]
        echo_json(document)
        return
    _tell(said, earned, items)
    if richer is not None:
        click.echo(f"\nWith one more crew ({extra_crew}):")
        _tell_dates(richer)


def _known(ledger_place: str, items: WorkItems, moment: AsOf) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items with the plan in force and what was reported, as known at a moment."""
    from roadplan.progress import open_ledger
    from roadplan.progress.forecast_ledger import forecast_items, progress_history

    with open_ledger(ledger_place) as ledger:
        history = ledger.history()
        baselines = ledger.baselines(recorded_by=moment.recorded_at)
    plan = baselines[-1].baseline if baselines else None
    return forecast_items(items, plan), progress_history(items, history, as_of=moment)


def _settings(draws: int, seed: int, seasons: Path | None, assumptions: Path | None) -> Settings:
    from roadplan.progress.forecast import Settings
    from roadplan.progress.forecast_assumptions import load_assumptions
    from roadplan.progress.seasons import Seasons

    return Settings(
        draws=draws,
        seed=seed,
        seasons=Seasons.read(seasons),
        assumptions=load_assumptions(assumptions),
    )


def _deadlines(texts: tuple[str, ...], frame: pd.DataFrame) -> dict[str, dt.date]:
    from roadplan.progress import read_day

    contracts = set(frame["contract"])
    found = {}
    for text in texts:
        contract, _, day = text.rpartition("=")
        if contract and contract not in contracts:
            raise RoadplanError(
                f"there is no contract '{contract}'; there are {', '.join(sorted(contracts))}"
            )
        found[contract] = read_day(day)
    return found


def _crew(road: Corridor, text: str) -> Any:
    """Return the crew that an option names."""
    from roadplan.progress.forecast_crews import ExtraCrew

    work_type, _, where = text.partition(":")
    if not where:
        raise RoadplanError(
            f"'{text}' names no place; write TYPE:CONTRACT or TYPE:POST..POST for the crew"
        )
    if ".." not in where:
        return ExtraCrew(work_type=work_type, contract=road.contract(where).id)
    first, _, last = where.partition("..")
    begin, end = road.position(first), road.position(last)
    if begin.route != end.route:
        raise RoadplanError(f"{first} and {last} lie on different routes; give posts of one route")
    from_m, to_m = sorted((begin.station_m, end.station_m))
    return ExtraCrew(work_type=work_type, route=begin.route, from_m=from_m, to_m=to_m)


def _tell(said: Forecast, earned: Mapping[str, Any], items: WorkItems) -> None:
    click.echo(f"As of {said.as_of.isoformat()}, {said.draws:,} draws, seed {said.seed}.")
    if said.estimated_seasons:
        click.echo("Seasons are estimates; give your own with --seasons.")
    _tell_dates(said)
    click.echo("\nEarned schedule:")
    rows = []
    for name, each in earned.items():
        why = next(iter(each.why.values()), "") if each.spi_time is None else ""
        rows.append(
            [
                name or "whole",
                _number(each.spi, 2),
                _number(each.spi_time, 2),
                _day(each.finish),
                _day(each.finish_at_plan),
                why,
            ]
        )
    echo_table(["", "SPI", "SPI(t)", "at this pace", "rest as planned", "why not"], rows)
    worst = said.bottlenecks(8)
    if len(worst):
        click.echo("\nMost often last:")
        echo_table(
            ["item", "last", "on the chain"],
            [
                [r["item"], f"{100 * r['last']:.0f} %", f"{100 * r['chain']:.0f} %"]
                for r in worst.to_dict("records")
            ],
        )
    paces = said.paces[(said.paces["left"] > 0) & (said.paces["needed_per_day"] > 0)]
    if len(paces):
        click.echo("\nPace by working day (all crews of a contract together):")
        echo_table(
            ["contract", "work", "left", "unit", "reached", "needed", "crews"],
            [
                [
                    r["contract"],
                    r["work_type"],
                    f"{r['left']:.1f}",
                    items.types[r["work_type"]].unit,
                    _number(r["reached_per_day"], 3),
                    _number(r["needed_per_day"], 3),
                    str(r["crews"] or ""),
                ]
                for r in paces.to_dict("records")
            ],
        )


def _tell_dates(said: Forecast) -> None:
    rows = []
    for row in said.dates().astype(object).to_dict("records"):
        on_time = row["on_time"]
        rows.append(
            [
                row["contract"] or "whole",
                str(row["unfinished_items"]),
                _day(row["p50"]),
                _day(row["p80"]),
                _day(row["p95"]),
                _day(row["deadline"]),
                "" if on_time is None or on_time != on_time else f"{100 * on_time:.0f} %",
                row["why"],
            ]
        )
    echo_table(["", "items left", "P50", "P80", "P95", "deadline", "on time", "note"], rows)


@click.command()
@ledger_option
@corridor_option
@_settings_options
@click.option(
    "--date",
    "date_texts",
    multiple=True,
    metavar="DAY",
    help="Day to forecast from; quarter by quarter through the record by default.",
)
@click.option("--public", is_flag=True, help="Replay the public reports instead of the ledger.")
@json_option
def backtest(
    ledger_place: str,
    corridor_path: Path | None,
    seed: int,
    draws: int | None,
    seasons: Path | None,
    assumptions: Path | None,
    date_texts: tuple[str, ...],
    *,
    public: bool,
    as_json: bool,
) -> None:
    """Forecast from past days and score the probabilities against what came."""
    from roadplan.progress import open_ledger, read_day
    from roadplan.progress.backtest import DRAWS, replay_ledger

    road, items = work_of(corridor_path)
    settings = _settings(draws or DRAWS, seed, seasons, assumptions)
    dates = [read_day(text) for text in date_texts]
    if public:
        _tell_public(road, dates, settings, as_json=as_json)
        return
    with open_ledger(ledger_place) as ledger:
        history, baselines = ledger.history(), ledger.baselines()
    if not dates:
        from roadplan.progress.forecast_ledger import progress_history

        dates = _quarters(progress_history(items, history))
    result = replay_ledger(items, history, baselines, dates, settings=settings)
    if as_json:
        echo_json(result.as_dict())
        return
    click.echo(
        f"Replayed from {counted(len(dates), 'day')}; "
        f"the record ends on {result.until.isoformat()}."
    )
    for row in result.skipped.to_dict("records"):
        click.echo(f"  {row['date'].isoformat()} skipped: {row['why']}")
    if len(result.stated):
        echo_table(
            ["days ahead", "stated", "came", "Brier", "of the plan", "skill", "judged"],
            [
                [
                    str(r["horizon_days"]),
                    _number(r["stated"], 2),
                    _number(r["came"], 2),
                    _number(r["brier"], 3),
                    _number(r["brier_of_plan"], 3),
                    _number(r["skill"], 2),
                    str(r["count"]),
                ]
                for r in result.by_horizon().to_dict("records")
            ],
        )
        click.echo("\nReliability:")
        echo_table(
            ["stated", "came", "90 % range", "judged"],
            [
                [
                    _number(r["stated"], 2),
                    _number(r["came"], 2),
                    f"{r['low']:.2f} to {r['high']:.2f}",
                    str(r["count"]),
                ]
                for r in result.reliability().to_dict("records")
            ],
        )
    else:
        click.echo("No outcome lies within the record; nothing can be scored.")


def _tell_public(
    road: Corridor, dates: list[dt.date], settings: Settings, *, as_json: bool
) -> None:
    from roadplan.progress.backtest_public import public_backtest

    result = public_backtest(
        road, asked_on=dates, seasons=settings.seasons, assumptions=settings.assumptions
    )
    if as_json:
        echo_json(result.as_dict())
        return
    words = {True: "kept", False: "broken", None: "not known"}
    echo_table(
        ["asked on", "promised", "on time", "P50", "P80", "reports used", "what came"],
        [
            [
                _day(r["asked_on"]),
                _day(r["deadline"]),
                f"{100 * r['probability']:.0f} %",
                _day(r["p50"]),
                _day(r["p80"]),
                str(r["statements"]),
                words[r["came"]],
            ]
            for r in result.table.to_dict("records")
        ],
    )
    if result.ended is not None:
        first, last = result.ended
        click.echo(f"Reported as fully open between {first.isoformat()} and {last.isoformat()}.")
    click.echo(
        f"Brier score on the days of the promises: {result.brier:.2f} "
        "(believing broken promises: 1.00). Few promises on one road prove little."
    )


def _quarters(history: pd.DataFrame) -> list[dt.date]:
    """Return the ends of quarters inside the record."""
    import pandas as pd

    if history.empty:
        raise RoadplanError("the ledger holds no report on these works; there is nothing to replay")
    first, last = min(history["day"]), max(history["day"])
    ends = [stamp.date() for stamp in pd.date_range(first, last, freq="QE")]
    ends = [day for day in ends if day < last]
    if not ends:
        raise RoadplanError(
            "the record is shorter than a quarter; name the days to forecast from with --date"
        )
    return ends


@click.command()
@ledger_option
@corridor_option
@as_of_options
@_settings_options
@click.option("--contract", required=True, help="The contract to draw.")
@click.option(
    "--kind",
    type=click.Choice(["march", "s-curve"]),
    default="march",
    show_default=True,
    help="Where and when along the road, or the share of the works over time.",
)
@click.option("--lang", type=click.Choice(["ru", "kk", "en"]), default="ru", show_default=True)
@click.option("--paper", type=click.Choice(["a3", "phone"]), default="a3", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The picture, .svg or .png.",
)
def chart(
    ledger_place: str,
    corridor_path: Path | None,
    as_of: str | None,
    recorded_by: str | None,
    seed: int,
    draws: int | None,
    seasons: Path | None,
    assumptions: Path | None,
    contract: str,
    kind: str,
    lang: str,
    paper: str,
    out: Path,
) -> None:
    """Draw the march chart or the S-curves of a contract."""
    from roadplan.maps.progress_charts import march_chart, s_curves
    from roadplan.progress.backtest import DRAWS

    road, items = work_of(corridor_path)
    moment = moments(as_of, recorded_by)
    frame, history = _known(ledger_place, items, moment)
    settings = _settings(draws or DRAWS, seed, seasons, assumptions)
    if kind == "march":
        drawn: Any = march_chart(
            road, items, frame, history, contract, today=moment.work_date, seasons=settings.seasons
        )
    else:
        drawn = s_curves(
            road, frame, history, contract=contract, today=moment.work_date, settings=settings
        )
    drawn.save(out, language=lang, paper=paper)
    click.echo(f"wrote {out}")


def _status(status: Any) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, dt.date) else value
        for key, value in vars(status).items()
        if key != "why"
    } | {"why": dict(status.why)}


def _day(day: Any) -> str:
    return day.isoformat() if isinstance(day, dt.date) else ""


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or value != value else f"{value:.{digits}f}"


COMMANDS = (forecast, backtest, chart)
"""What this module adds to ``roadplan progress``."""
