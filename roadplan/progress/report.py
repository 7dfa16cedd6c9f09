"""Reports: what somebody stated on work, and the exact bytes that the ledger proves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from roadplan.errors import RoadplanError
from roadplan.progress.asof import moment_text, read_moment

if TYPE_CHECKING:
    from roadplan.progress.items import WorkItem

SIDES = ("both", "left", "right")
"""Halves of the road, looking along rising stations; each counts half of its length."""

STANDINGS = ("reported", "measured", "estimated")

_LONGEST_TEXT = 10_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_EARLIEST, _LATEST = dt.date(1990, 1, 1), dt.date(2999, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was stated on work of one type at one place.

    Parameters
    ----------
    work_type
        Id of the work type.
    work_date
        The day by which the work stood so.
    author
        Who reported it.
    source
        Where it was stated: a document, a file, a call.
    standing
        `reported`, `measured` or `estimated`.
    route, from_m, to_m
        For work along the road: the half-open stretch spoken of, in metres along the route.
    side
        `both`, or the `left` or `right` half of the road, looking along rising stations.
    asset
        For work with milestones: the asset, or for procurement the contract.
    quantity
        For work measured by amounts: the amount there is on the stretch to date, in the unit of
        the work type. For work measured by stretches: None where the stretch is done, 0 where
        nothing is done on it yet. For milestones: None.
    stage
        For work with milestones: the stage that is reached, and with it all before; empty where
        none is reached yet.
    supersedes
        Id of the report that this one corrects; empty where none.
    withdrawn
        Whether it only takes back the report that it supersedes and states nothing instead.
    note
        Anything a reader should know.
    id
        Identifier. Left empty it is made from the content, so that stating the very same twice is
        one report.
    """

    work_type: str
    work_date: dt.date
    author: str
    source: str
    standing: str = "reported"
    route: str = ""
    from_m: float | None = None
    to_m: float | None = None
    side: str = "both"
    asset: str = ""
    quantity: float | None = None
    stage: str = ""
    supersedes: str = ""
    withdrawn: bool = False
    note: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        for name in _TEXTS:
            object.__setattr__(self, name, _text(name, getattr(self, name)))
        for name in ("from_m", "to_m", "quantity"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _number(name, value))
        if isinstance(self.work_date, dt.datetime) or not isinstance(self.work_date, dt.date):
            raise RoadplanError(f"work date {self.work_date!r} is no day; give a date")
        if not _EARLIEST <= self.work_date <= _LATEST:
            raise RoadplanError(
                f"work date {self.work_date.isoformat()} cannot be meant; "
                f"give a day from {_EARLIEST.isoformat()}"
            )
        object.__setattr__(self, "withdrawn", bool(self.withdrawn))
        self._check_words()
        self._check_place()
        if not self.id:
            object.__setattr__(self, "id", content_id(self))

    def _check_words(self) -> None:
        for name in ("work_type", "author", "source"):
            if not getattr(self, name):
                raise RoadplanError(f"a report needs its {name.replace('_', ' ')}")
        if self.standing not in STANDINGS:
            raise RoadplanError(f"standing '{self.standing}' is none of {', '.join(STANDINGS)}")
        if self.side not in SIDES:
            raise RoadplanError(f"side '{self.side}' is none of {', '.join(SIDES)}")
        if self.withdrawn and not self.supersedes:
            raise RoadplanError("a withdrawal must name the report that it takes back")
        if self.supersedes and self.supersedes == self.id:
            raise RoadplanError(f"report {self.id} cannot correct itself")
        if self.quantity is not None and self.quantity < 0:
            raise RoadplanError(
                f"quantity {self.quantity:g} is negative; give the amount there is to date"
            )

    def _check_place(self) -> None:
        along = (bool(self.route), self.from_m is not None, self.to_m is not None)
        if any(along) and not all(along):
            raise RoadplanError("a stretch needs its route, its beginning and its end")
        if all(along) == bool(self.asset):
            raise RoadplanError("a report is on either a stretch of a route or an asset")
        if self.from_m is not None and self.to_m is not None and not 0 <= self.from_m < self.to_m:
            raise RoadplanError(
                f"the stretch {self.from_m:g} to {self.to_m:g} m is empty or reversed; "
                "give a beginning below its end"
            )

    def content(self) -> dict[str, Any]:
        """Return what is stated as plain values, without the id."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["id"]
        values["work_date"] = self.work_date.isoformat()
        return values


_TEXTS = (
    "work_type",
    "author",
    "source",
    "standing",
    "route",
    "side",
    "asset",
    "stage",
    "supersedes",
    "note",
    "id",
)


@dataclass(frozen=True, kw_only=True)
class StoredReport:
    """A report as it stands in a ledger.

    Parameters
    ----------
    seq
        Its number, from 1 without gaps.
    recorded_at
        When it was recorded, UTC; never before that of an earlier number.
    report
        What was stated.
    hash
        SHA-256 over the hash before it and all of this, in hexadecimal.
    """

    seq: int
    recorded_at: dt.datetime
    report: Report
    hash: str

    @property
    def id(self) -> str:
        """The id of the report."""
        return self.report.id

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON and tables."""
        return {
            "seq": self.seq,
            "recorded_at": moment_text(self.recorded_at),
            "id": self.report.id,
            **self.report.content(),
            "hash": self.hash,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StoredReport:
        """Return the report that :meth:`as_dict` wrote."""
        own = {each.name: values[each.name] for each in fields(Report)}
        own["work_date"] = dt.date.fromisoformat(values["work_date"])
        return cls(
            seq=int(values["seq"]),
            recorded_at=read_moment(values["recorded_at"]),
            report=Report(**own),
            hash=str(values["hash"]),
        )


def content_id(report: Report) -> str:
    """Return the id that follows from what a report states, 24 hexadecimal digits."""
    return hashlib.sha256(canonical(report.content())).hexdigest()[:24]


def canonical(values: Mapping[str, Any]) -> bytes:
    """Return plain values as bytes that are the same wherever they are made.

    JSON in UTF-8 with sorted keys and no blanks; numbers as the shortest text that reads back the
    same.
    """
    text = json.dumps(
        values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")


def report_on(item: WorkItem, **stated: Any) -> Report:
    """Return a report on the whole of a work item.

    Parameters
    ----------
    item
        The item.
    stated
        The other fields of :class:`Report`; `from_m`, `to_m` and `side` limit it to a part.

    Examples
    --------
    >>> from roadplan.progress.items import WorkItem
    >>> item = WorkItem(id="base:s1", work_type="base", place="s1", route="r", from_m=0, to_m=900)
    >>> when = dt.date(2024, 5, 1)
    >>> report_on(item, work_date=when, author="A. B.", source="call").to_m
    900.0
    """
    if item.asset:
        return Report(work_type=item.work_type, asset=item.asset, **stated)
    place = {"route": item.route, "from_m": item.from_m, "to_m": item.to_m, **stated}
    return Report(work_type=item.work_type, **place)


def withdrawal(report: Report, **stated: Any) -> Report:
    """Return the report that takes another back; `stated` are its author, source and the like."""
    return replace(
        report, **{"supersedes": report.id, "withdrawn": True, "id": "", "note": "", **stated}
    )


def correction(report: Report, **stated: Any) -> Report:
    """Return the report that takes the place of another with some fields stated anew."""
    return replace(report, **{"supersedes": report.id, "withdrawn": False, "id": "", **stated})


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RoadplanError(f"{name.replace('_', ' ')} {value!r} is no text")
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise RoadplanError(
            f"{name.replace('_', ' ')} is {len(text):,} characters long; "
            f"shorten it to {_LONGEST_TEXT:,}"
        )
    # NUL cannot be kept by PostgreSQL, and lone surrogates are no text at all.
    if _CONTROL.search(text):
        raise RoadplanError(f"{name.replace('_', ' ')} holds a control character; remove it")
    return text


def _number(name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type] # refused below in words of ours
    except (TypeError, ValueError) as error:
        raise RoadplanError(f"{name} {value!r} is no number") from error
    if not math.isfinite(number):
        raise RoadplanError(f"{name} {number} is no number; leave it out where there is none")
    return number + 0.0  # −0.0 becomes 0.0, which databases keep alike
