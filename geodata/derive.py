"""Build the derived tables of the shipped corridor from its source tables.

Run it after any change to a table that is written by hand or to a rule::

    python geodata/derive.py

It is deterministic: the same sources give the same files, byte for byte. What is written by hand
(`routes`, `control_points`, `postings`, `reports` … and everything in `source/`) is only read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from rules import bases, drift, network, segments  # noqa: E402 - the path is set above
from rules.sources import Sources  # noqa: E402

from roadplan.corridor.store import table_text  # noqa: E402
from roadplan.files import replace_text  # noqa: E402


def derived_tables(sources: Sources) -> dict[str, pd.DataFrame]:
    """Return every derived table by name."""
    contracts = network.contracts(sources)
    junctions = network.junctions(sources)
    breaks = network.posting_breaks(sources)
    regions = network.regions(sources, breaks)
    places = network.places(sources)
    pieces = segments.stretches(sources, contracts, junctions, regions)
    exposure = drift.exposures(sources, pieces)
    pieces["profile"] = drift.profiles(sources, pieces, exposure)
    pieces["source"] += "; profile: the most drift-exposed share of the region flush, else raised"
    return {
        "junctions": junctions,
        "regions": regions,
        "contracts": contracts,
        "posting_breaks": breaks,
        "places": places,
        "segments": pieces,
        "depots": bases.depots(sources, places),
        "drift_stretches": drift.drift_stretches(sources, pieces, exposure),
    }


def main(arguments: list[str] | None = None) -> None:
    """Write the derived tables into a folder, the shipped one unless another is named."""
    parser = argparse.ArgumentParser(description="Build the derived tables of the corridor.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    out = parser.parse_args(arguments).out
    for name, frame in derived_tables(Sources(HERE)).items():
        replace_text(out / f"{name}.csv", table_text(frame, name))


if __name__ == "__main__":
    main()
