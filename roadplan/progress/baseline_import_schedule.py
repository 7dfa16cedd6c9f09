"""Activities as planning programs export them: MS Project XML and Primavera XER.

Both are read here and not by a library. The readers on the package index that were tried for XER
(xerparser 0.13, xer-reader 0.4) take every file for Windows-1252 and drop what does not fit, so
that Cyrillic names are lost, stop at the first fault without its place, and are licensed under the
GPL, which this project could not be combined with; none reads MS Project XML without a Java
machine. What a baseline needs of either format is little and documented: tables of tab-separated
cells (Oracle, "XER Import/Export Data Map Guide"), and the elements `Task`, `Baseline` and
`ExtendedAttribute` of the Project XML Data Interchange Schema (Microsoft, mspdi_pj12).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roadplan.errors import Fault
from roadplan.tables.archive import UnreadableFileError

MAX_BYTES = 256 * 2**20
"""Size beyond which a schedule is refused."""

FORMATS = (".xml", ".xer")
"""Endings of the files that are understood."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One activity of a schedule.

    Parameters
    ----------
    id
        What planners call it: the WBS code in MS Project, the activity id in Primavera.
    name
        Its name.
    start, finish
        The first and the last day of work.
    codes
        Field, code or custom attribute → its text.
    place
        Where it stands in the file, for messages.
    from_baseline
        Whether the dates are those of a baseline kept in the file.
    """

    id: str
    name: str
    start: dt.date
    finish: dt.date
    codes: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    from_baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The activities of a file.

    Parameters
    ----------
    file
        Its name.
    activities
        Those with sound dates; summaries and empty lines are no activities.
    faults
        What is wrong with the others.
    notes
        What the user should know.
    """

    file: str
    activities: tuple[Activity, ...] = field(repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def read_schedule(path: str | Path, *, dates: str = "auto") -> Schedule:
    """Read the activities of an exported schedule, collecting every fault.

    Parameters
    ----------
    path
        A file ending in .xml (MS Project) or .xer (Primavera).
    dates
        `baseline`: those of the baseline kept in the file (MS Project only); `scheduled`: those
        of the current schedule; `auto`: of the baseline where an activity has one.

    Raises
    ------
    UnreadableFileError
        The file cannot be read at all.
    """
    from roadplan.progress.baseline_import_mspdi import read_mspdi
    from roadplan.progress.baseline_import_xer import read_xer

    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        why = f"files ending in {file.suffix or 'nothing'} are no schedules"
        remedy = "save the project as XML in MS Project, or export it as XER from Primavera"
        raise UnreadableFileError(file.name, why, remedy)
    try:
        if file.stat().st_size > MAX_BYTES:
            why = f"it is larger than {MAX_BYTES / 2**20:.0f} MiB"
            raise UnreadableFileError(file.name, why, "export only the project that is meant")
        content = file.read_bytes()
    except FileNotFoundError:
        raise UnreadableFileError(file.name, "there is no such file") from None
    except OSError as error:
        why = f"the file cannot be read: {error.strerror or error}"
        raise UnreadableFileError(file.name, why) from error
    read = read_mspdi if suffix == ".xml" else read_xer
    return read(content, file.name, dates=dates)


def days_of(start: str, finish: str) -> tuple[dt.date, dt.date] | str:
    """Return the first and the last day between two moments as text, or why there are none.

    Work that ends at midnight ended on the day before.

    Examples
    --------
    >>> days_of("2024-05-01T08:00:00", "2024-05-11T00:00:00")
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 10))
    """
    moments = []
    for what, text in (("start", start), ("finish", finish)):
        if not text.strip():
            return f"it has no {what}"
        try:
            moments.append(dt.datetime.fromisoformat(text.strip()).replace(tzinfo=None))
        except ValueError:
            return f"its {what} '{text.strip()[:40]}' is no date"
    begin, end = moments
    if end < begin:
        return f"it finishes on {end.date().isoformat()}, before it starts"
    if not 1990 <= begin.year <= end.year <= 2999:
        return f"its dates {begin.date().isoformat()} to {end.date().isoformat()} cannot be meant"
    last = end.date()
    if end.time() == dt.time.min and end > begin and last > begin.date():
        last -= dt.timedelta(days=1)
    return begin.date(), last
