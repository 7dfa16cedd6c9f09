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

from rules import (  # noqa: E402 - the path is set above
    bases,
    dictionary,
    drift,
    fleet,
    network,
    segments,
    shelter,
    traffic,
    works,
)
from rules.sources import Sources  # noqa: E402

from roadplan.corridor.schema import TABLES  # noqa: E402
from roadplan.files import replace_text  # noqa: E402
from roadplan.tables.writing import csv_text  # noqa: E402


def derived_tables(sources: Sources) -> dict[str, pd.DataFrame]:
    """Return every derived table by name."""
    tables = {"contracts": network.contracts(sources), "junctions": network.junctions(sources)}
    tables["posting_breaks"] = network.posting_breaks(sources)
    tables["regions"] = network.regions(sources, tables["posting_breaks"])
    tables["places"] = network.places(sources)
    pieces = segments.stretches(sources, tables)
    exposure = drift.exposures(sources, pieces)
    pieces["profile"] = drift.profiles(sources, pieces, exposure)
    pieces["source"] += "; profile: the most drift-exposed share of the region flush, else raised"
    tables["segments"] = pieces
    tables["structures"] = works.structures(sources, tables)
    tables["rest_areas"] = works.rest_areas(tables)
    tables["detours"] = works.detours(sources, tables)
    tables["depots"] = bases.depots(sources, tables["places"])
    tables["barriers"] = shelter.barriers(sources, tables)
    tables["heating_points"] = shelter.heating_points(sources, tables)
    tables["drift_stretches"] = drift.drift_stretches(sources, pieces, exposure)
    tables["traffic"] = traffic.traffic(sources, tables)
    tables["machines"] = fleet.machines(sources)
    return tables


def main(arguments: list[str] | None = None) -> None:
    """Write the derived tables into a folder, the shipped one unless another is named."""
    parser = argparse.ArgumentParser(description="Build the derived tables of the corridor.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    out = parser.parse_args(arguments).out
    for name, frame in derived_tables(Sources(HERE)).items():
        replace_text(out / f"{name}.csv", csv_text(frame, TABLES[name]))
    replace_text(out / "README.md", dictionary.readme(HERE / "README.md"))


if __name__ == "__main__":
    main()
