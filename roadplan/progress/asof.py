"""As of when: what had been done by a date, as far as it was known at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from roadplan.errors import RoadplanError

END_OF_TIME = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
"""A moment later than every record: all that is known."""


@dataclass(frozen=True)
class AsOf:
    """Two times that fix a state of the works.

    Parameters
    ----------
    work_date
        Work done on this day or before counts.
    recorded_at
        Reports recorded at this moment or before count; aware. By default all.
    """

    work_date: dt.date
    recorded_at: dt.datetime = END_OF_TIME

    def __post_init__(self) -> None:
        if isinstance(self.work_date, dt.datetime):
            object.__setattr__(self, "work_date", self.work_date.date())
        if self.recorded_at.tzinfo is None:
            raise RoadplanError(
                f"the moment {self.recorded_at.isoformat()} names no time zone; "
                "add one, e.g. +05:00 or Z"
            )

    def __str__(self) -> str:
        """Return both times in one phrase."""
        if self.recorded_at == END_OF_TIME:
            return f"{self.work_date.isoformat()}, by all reports"
        return f"{self.work_date.isoformat()}, by reports up to {moment_text(self.recorded_at)}"


def moment_text(moment: dt.datetime) -> str:
    """Return a moment in UTC as the ledger writes it; such texts sort as the moments do.

    Raises
    ------
    RoadplanError
        It names no time zone.

    Examples
    --------
    >>> moment_text(dt.datetime.fromisoformat("2024-02-01T12:00:00+05:00"))
    '2024-02-01T07:00:00.000000Z'
    """
    if moment.tzinfo is None:
        raise RoadplanError(
            f"the moment {moment.isoformat()} names no time zone; add one, e.g. +05:00 or Z"
        )
    utc = moment.astimezone(dt.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def read_moment(text: str) -> dt.datetime:
    """Return the moment a text in ISO 8601 means; a day alone means its end in UTC.

    Raises
    ------
    RoadplanError
        It is no moment, or one without a time zone.

    Examples
    --------
    >>> read_moment("2024-02-01T12:00+05:00").hour
    7
    """
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RoadplanError(
            f"'{text}' is no moment; write it as 2024-02-01T12:00+05:00 or as a day"
        ) from error
    if "T" not in text and ":" not in text:
        moment = dt.datetime.combine(moment.date(), dt.time.max, dt.UTC)
    if moment.tzinfo is None:
        raise RoadplanError(f"the moment '{text}' names no time zone; add one, e.g. +05:00 or Z")
    return moment.astimezone(dt.UTC)


def read_day(text: str) -> dt.date:
    """Return the day a text in ISO 8601 means.

    Raises
    ------
    RoadplanError
        It is no day.
    """
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise RoadplanError(f"'{text}' is no day; write it as 2024-02-01") from error
