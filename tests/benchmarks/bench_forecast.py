"""Forecast of the finish of the whole corridor: 10,000 draws, and of some thousands of items.

Run as ``python tests/benchmarks/bench_forecast.py [draws]``. The works are simulated.
"""

from __future__ import annotations

import sys
import time
from datetime import date

import pandas as pd

from roadplan import corridor
from roadplan.progress import work_items
from roadplan.progress.forecast import Settings, forecast
from roadplan.progress.forecast_ledger import forecast_items
from roadplan.progress.simulated import Layout, SimulatedWorks, simulated_works

AS_OF = date(2022, 6, 1)
COPIES = 4


def copies(works: SimulatedWorks, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the works several times over, as contracts of their own."""
    frames, reports = [], []
    for k in range(count):
        frame = works.items.assign(item=works.items["item"] + f"#{k}")
        frame["contract"] = frame["contract"] + f"#{k}"
        frame["after"] = [tuple(f"{other}#{k}" for other in others) for others in frame["after"]]
        frames.append(frame)
        reports.append(works.history.assign(item=works.history["item"] + f"#{k}"))
    return pd.concat(frames, ignore_index=True), pd.concat(reports, ignore_index=True)


def main() -> None:
    """Print the times."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    layout = Layout(start=date(2022, 3, 1))
    works = simulated_works(forecast_items(work_items(corridor.load())), layout, seed=1)
    print(f"{draws:,} draws of all unfinished work as of {AS_OF.isoformat()}")
    for count in (1, COPIES):
        items, history = copies(works, count)
        begin = time.perf_counter()
        said = forecast(items, history, as_of=AS_OF, settings=Settings(draws=draws))
        took = time.perf_counter() - begin
        left = sum(said.unfinished)
        print(
            f"{left:>7,} items{took:>8.2f} s{1e9 * took / draws / left:>8.0f} ns an item and draw"
        )


if __name__ == "__main__":
    main()
