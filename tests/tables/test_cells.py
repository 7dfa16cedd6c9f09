"""Single cells: what people write and what is meant."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.tables.cells import (
    Conventions,
    ErrorValue,
    Percent,
    Problem,
    Uncomputed,
    number_text,
    parse_cell,
    shown,
)
from roadplan.tables.schema import Column, Kind


def _column(kind: Kind, **more: Any) -> Column:
    return Column(name="x", kind=kind, description="", **more)


def _parse(cell: Any, kind: Kind, conventions: Conventions | None = None, **more: Any) -> Any:
    return parse_cell(cell, _column(kind, **more), conventions or Conventions())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("163400.5", 163400.5),
        ("163400,5", 163400.5),
        ("163 400,5", 163400.5),
        ("163\u00a0400,5", 163400.5),
        ("163\u202f400", 163400.0),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,234,567", 1234567.0),
        ("1610,250", 1610.25),
        ("0,125", 0.125),
        (",5", 0.5),
        ("\u22125", -5.0),
        ("'42", 42.0),
        (" 7 ", 7.0),
        ("1e3", 1000.0),
        ("1,5E-2", 0.015),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float) -> None:
    """Decimal commas, spaces between thousands, typographic minus signs and apostrophes."""
    assert _parse(text, "number") == value


@pytest.mark.parametrize(
    "cell",
    ["twelve", "1 23", "1_000", "nan", "inf", "-inf", "1e999", "0x10", "5 m", "--5", "1,2,3", "½"],
)
def test_what_is_no_number_is_told(cell: str) -> None:
    """Nothing that needs guessing becomes a number, nor does anything infinite."""
    assert isinstance(_parse(cell, "number"), Problem)


def test_an_ambiguous_comma_is_told_with_both_readings() -> None:
    """12,125 may be twelve and an eighth or twelve thousand."""
    found = _parse("12,125", "number")
    assert isinstance(found, Problem)
    assert "12.125" in found.remedy
    assert "12125" in found.remedy


def test_an_ambiguous_comma_is_read_where_the_column_tells() -> None:
    """The convention of the column, its range, or a whole number leaves one reading."""
    assert _parse("12,125", "number", Conventions(decimal_comma=True)) == 12.125
    assert _parse("12,125", "number", Conventions(decimal_comma=False)) == 12125
    assert _parse("1,000", "number", maximum=1.0, minimum=0.0) == 1.0
    assert _parse("12,125", "integer") == 12125


def test_a_percentage_is_a_share() -> None:
    """35 % is 0.35 in a column of shares, 35 in one of per cent, and nothing in one of metres."""
    assert _parse("35 %", "number", unit="0–1") == pytest.approx(0.35)
    assert _parse(Percent(0.35), "number", unit="0–1") == pytest.approx(0.35)
    assert _parse(Percent(0.35), "number", unit="%") == pytest.approx(35)
    assert isinstance(_parse("35 %", "number", unit="m"), Problem)


def test_an_integer_is_whole() -> None:
    """2 and 2.0 and '2,0' are whole; 2.5 and what floats cannot tell apart are not."""
    assert _parse("2", "integer") == _parse(2.0, "integer") == _parse("2,0", "integer") == 2
    assert isinstance(_parse("2.5", "integer"), Problem)
    assert isinstance(_parse("9007199254740993", "integer"), Problem)


@pytest.mark.parametrize("word", ["yes", "Да", "ИӘ", "true", "1", 1.0, True, "+", "ИСТИНА"])
def test_yes_in_three_languages(word: Any) -> None:
    """Every way to say yes is understood."""
    assert _parse(word, "flag") is True


@pytest.mark.parametrize("word", ["no", "нет", "жоқ", "FALSE", "0", 0.0, False, "-", "ложь"])
def test_no_in_three_languages(word: Any) -> None:
    """Every way to say no is understood."""
    assert _parse(word, "flag") is False


def test_neither_yes_nor_no_is_told() -> None:
    """A flag does not swallow another word."""
    assert isinstance(_parse("maybe", "flag"), Problem)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-12-31", "2025-12-31"),
        ("31.12.2025", "2025-12-31"),
        ("31/12/2025", "2025-12-31"),
        ("31.12.2025 г.", "2025-12-31"),
        ("1.2.2025", "2025-02-01"),
        ("2025-12-31 00:00:00", "2025-12-31"),
        (dt.datetime(2025, 12, 31), "2025-12-31"),  # noqa: DTZ001 - as a workbook gives it
        (46022.0, "2025-12-31"),
        ("46022", "2025-12-31"),
    ],
)
def test_a_date_is_read_as_people_write_it(cell: Any, day: str) -> None:
    """Text in either order, real dates and serial numbers."""
    assert _parse(cell, "date") == day


def test_serials_count_from_1904_where_the_workbook_says_so() -> None:
    """The same day has a serial 1462 lower in the 1904 system (Microsoft, KB 214330)."""
    assert _parse(46022.0 - 1462, "date", Conventions(date_1904=True)) == "2025-12-31"


@pytest.mark.parametrize(
    "cell",
    [
        "31.02.2025",
        "12/31/2025",
        "31.12.25",
        "tomorrow",
        "0025-01-01",
        5.0,
        1e9,
        "2025-12-31 14:30",
    ],
)
def test_what_is_no_date_is_told(cell: Any) -> None:
    """No month first, no two-digit years, no days that are not, no time of day."""
    assert isinstance(_parse(cell, "date"), Problem)


@pytest.mark.parametrize(
    ("cell", "text"),
    [("2025", "2025"), (2025.0, "2025"), ("2025-03", "2025-03"), ("03.2025", "2025-03"),
     ("2025-03-04", "2025-03-04"), ("4.3.2025", "2025-03-04")],
)  # fmt: skip
def test_a_partial_date_may_lack_day_and_month(cell: Any, text: str) -> None:
    """Years and months stand alone."""
    assert _parse(cell, "partial_date") == text


def test_a_moment_keeps_its_zone() -> None:
    """Local times stay local, offsets stay."""
    assert _parse("31.12.2025 14:30", "datetime") == "2025-12-31T14:30:00"
    assert _parse("2025-12-31T14:30:15+05:00", "datetime") == "2025-12-31T14:30:15+05:00"
    assert _parse("2025-12-31T14:30Z", "datetime") == "2025-12-31T14:30:00+00:00"
    assert isinstance(_parse("2025-12-31T25:00", "datetime"), Problem)


def test_a_choice_is_known_in_any_language() -> None:
    """The value and its translations mean the same."""
    choices = ("bridge", "farm_crossing")
    assert _parse("BRIDGE", "choice", choices=choices) == "bridge"
    assert _parse("мост", "choice", choices=choices) == "bridge"
    assert _parse("көпір", "choice", choices=choices) == "bridge"
    assert _parse("farm crossing", "choice", choices=choices) == "farm_crossing"


def test_a_near_miss_is_named() -> None:
    """The remedy lists what is allowed and what may be meant."""
    found = _parse("brigde", "choice", choices=("bridge", "culvert"))
    assert isinstance(found, Problem)
    assert "bridge, culvert; bridge may be meant" in found.remedy


def test_an_id_turned_into_a_date_is_told() -> None:
    """1-2 typed as an id becomes the first of February in a spreadsheet program."""
    found = _parse(dt.datetime(2025, 2, 1), "id")  # noqa: DTZ001 - as a workbook gives it
    assert isinstance(found, Problem)
    assert "text" in found.remedy


def test_a_numeric_id_has_no_decimal_point() -> None:
    """12.0 in a workbook is the id 12."""
    assert _parse(12.0, "id") == "12"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x07"])
def test_control_characters_are_told(text: str) -> None:
    """Text that could steer a terminal is refused."""
    assert isinstance(_parse(text, "text"), Problem)


def test_hostile_but_printable_text_stays() -> None:
    """Markup, quotes and marks of direction are data."""
    text = "<script>alert('x')</script> `${a}` \u202e\u05d0"
    assert _parse(text, "text") == text


@pytest.mark.parametrize("kind", ["text", "number", "date", "flag"])
def test_error_cells_and_formulas_without_result_are_told(kind: Kind) -> None:
    """Neither an error nor a formula that was never calculated counts as a value."""
    assert isinstance(_parse(ErrorValue("#REF!"), kind), Problem)
    assert isinstance(_parse("#Н/Д", kind), Problem)
    found = _parse(Uncomputed("A1+1"), kind)
    assert isinstance(found, Problem)
    assert "save it again" in found.remedy


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_reads_back_the_same(number: float) -> None:
    """Text of a number is exact."""
    found = _parse(number_text(number), "number")
    assert found == number
    assert math.copysign(1, found) == math.copysign(1, number) or number == 0


@given(st.text())
def test_any_text_is_shown_on_one_short_line(text: str) -> None:
    """Messages hold no line breaks and no more than 80 characters of a cell."""
    told = shown(text)
    assert len(told) <= 80
    assert told.isprintable()


@given(
    st.sampled_from(
        ["text", "id", "integer", "number", "flag", "date", "datetime", "partial_date"]
    ),
    st.one_of(
        st.none(),
        st.text(),
        st.floats(),
        st.booleans(),
        st.datetimes(),
        st.from_regex(r"[0-9 .,%+eE:/-]{1,12}", fullmatch=True),
    ),
)
def test_every_cell_is_a_value_or_a_problem(kind: Kind, cell: Any) -> None:
    """Nothing a cell may hold raises."""
    found = _parse("x" if cell is None else cell, kind)
    assert isinstance(found, str | float | int | bool | Problem)
