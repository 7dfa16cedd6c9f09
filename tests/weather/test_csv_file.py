"""Weather in a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather import Storm, read, write
from roadplan.weather.csv_file import read_csv_storm

Write = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Write:
    """Save a text as a table."""

    def save(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "weather.csv"
        path.write_text(text, encoding=encoding)
        return path

    return save


GOOD = """\
# issued: 2026-01-15T10:00+00:00
# source: duty forecaster
time,member,lon,lat,snowfall [mm/h],wind_speed [km/h],temperature [°C]
2026-01-15T18:00+05:00,a,74.0,47.0,0.5,54,-10
2026-01-15T14:00Z,a,74.0,47.0,,36,-11
2026-01-15T13:00Z,b,74.0,47.0,1.5,18,-9
"""


def test_units_stand_in_the_header(table: Write) -> None:
    """Times of several zones are one axis, an empty cell is a missing value."""
    storm = read_csv_storm(table(GOOD))
    assert storm.members == ("a", "b")
    assert storm.times[0] == np.datetime64("2026-01-15T13:00")
    assert storm.values("wind_speed")[:, :, 0] == pytest.approx(
        np.array([[15, 10], [5, np.nan]]), nan_ok=True
    )
    assert np.isnan(storm.values("snowfall")[0, 1, 0])
    assert storm.source == "duty forecaster"
    assert storm.issued == dt.datetime(2026, 1, 15, 10, tzinfo=dt.UTC)


def test_units_may_stand_in_a_row(table: Write) -> None:
    """A second row of units, as instruments write it."""
    text = (
        "time,lon,lat,snow,wind,temperature\n"
        ",°,°,cm/h,kn,°F\n"
        "2026-01-15T13:00Z,74,47,2,29.1577,14\n"
        "2026-01-15T14:00Z,74,47,0,29.1577,14\n"
    )
    storm = read_csv_storm(table(text))
    assert storm.values("wind_speed")[0, 0, 0] == pytest.approx(15, abs=1e-4)
    assert storm.values("snowfall")[0, 0, 0] == 2
    assert storm.values("temperature")[0, 0, 0] == pytest.approx(-10)
    assert storm.members == ("00",)


def test_semicolons_decimal_commas_and_windows_cyrillic(table: Write) -> None:
    """A table as a Russian spreadsheet saves it."""
    text = (
        "# timezone: Asia/Almaty\n"
        "время;lon;lat;снег [мм/ч];ветер [км/ч]\n"
        "2026-01-15 18:00;74,5;47,25;0,5;54,0\n"
        "2026-01-15 19:00;74,5;47,25;0,5;54,0\n"
    )
    path = table(text, encoding="cp1251")
    storm = read_csv_storm(path)
    assert storm.times[0] == np.datetime64("2026-01-15T13:00")
    assert float(storm.data["lon"][0]) == 74.5
    assert storm.values("wind_speed")[0, 0, 0] == pytest.approx(15)


def test_a_column_without_a_unit_is_a_fault(table: Write) -> None:
    """All columns without one are told at once, with how to write it."""
    with pytest.raises(FaultsError) as caught:
        read_csv_storm(table(GOOD.replace(" [km/h]", "").replace(" [°C]", "")))
    assert [fault.column for fault in caught.value.faults] == ["wind_speed", "temperature"]
    assert "wind_speed [m/s]" in caught.value.faults[0].remedy


def test_a_time_without_a_zone_is_a_fault(table: Write) -> None:
    """Local time is not guessed; the row is told."""
    with pytest.raises(FaultsError, match=r"row 5.*no time with a time zone"):
        read_csv_storm(table(GOOD.replace("14:00Z", "14:00")))


def test_cells_that_are_no_numbers_are_faults(table: Write) -> None:
    """With their rows and columns."""
    with pytest.raises(FaultsError, match="row 4, column snowfall: 'strong' is no number"):
        read_csv_storm(table(GOOD.replace(",0.5,54", ",strong,54")))


def test_rows_that_repeat_are_faults(table: Write) -> None:
    """Two values for one member, time and point cannot both be right."""
    with pytest.raises(FaultsError, match="several rows"):
        read_csv_storm(table(GOOD + "2026-01-15T13:00Z,b,74.0,47.0,1.5,18,-9\n"))


def test_negative_snow_is_refused(table: Write) -> None:
    """As from every other source."""
    with pytest.raises(FaultsError, match="never negative"):
        read_csv_storm(table(GOOD.replace(",1.5,18", ",-1.5,18")))


def test_a_row_with_more_cells_than_the_header_is_a_fault(table: Write) -> None:
    """Decimal commas between commas would make 0,95 a snowfall of 0; the row is told."""
    path = table(GOOD.replace("a,74.0,47.0,0.5,54,-10", "a,74.0,47.0,0,5,54,-10"))
    with pytest.raises(FaultsError) as caught:
        read_csv_storm(path)
    (fault,) = caught.value.faults
    assert (fault.file, fault.row) == ("weather.csv", 4)
    assert fault.why == "the row has 8 cells, the header 7"
    assert fault.remedy == "decimal commas need semicolons between the cells"


def test_separators_at_the_end_of_a_row_are_no_cells(table: Write) -> None:
    """Spreadsheets write empty cells beyond the header."""
    assert read_csv_storm(table(GOOD.replace(",54,-10", ",54,-10,,"))).members == ("a", "b")


def test_a_row_that_is_cut_short_is_a_fault(table: Write) -> None:
    """The temperature is needed, so that its cell must be there, if only empty."""
    with pytest.raises(FaultsError, match=r"row 6: the row has 6 cells, the header 7.*cut short"):
        read_csv_storm(table(GOOD.replace("1.5,18,-9", "1.5,18")))
    assert read_csv_storm(table(GOOD.replace("1.5,18,-9", "1.5,18,"))).shape == (2, 2, 1)


def test_what_the_model_does_without_may_be_left_off(table: Write) -> None:
    """A row may end before its gusts and sight."""
    text = GOOD.replace("[°C]", "[°C],wind_gust [m/s],visibility [m]")
    assert np.isnan(read_csv_storm(table(text)).values("visibility")).all()


def test_rows_are_numbered_as_the_lines_of_the_file(table: Write) -> None:
    """Comments, empty lines, a row of units and quoted line ends count."""
    text = (
        "# source: x\n\n# a comment\n"
        "time,point,lon,lat,wind_speed\n"
        ",,,,m/s\n"
        '2026-01-15T13:00Z,"a\nb",74,47,5\n'
        "\n"
        "2026-01-15T14:00Z,a,74,47,calm\n"
    )
    with pytest.raises(FaultsError, match="row 9, column wind_speed: 'calm' is no number"):
        read_csv_storm(table(text))


def test_members_are_ordered_by_their_numbers(table: Write) -> None:
    """2 stands before 10, whatever the order of the rows."""
    head = "time,member,lon,lat,wind_speed [m/s]\n"
    rows = [
        f"2026-01-15T{hour}:00Z,{member},74,47,{member}\n"
        for member in range(12)
        for hour in (13, 14)
    ]
    storm = read_csv_storm(table(head + "".join(rows)))
    assert storm.members == tuple(str(member) for member in range(12))
    assert storm.values("wind_speed")[:, 0, 0] == pytest.approx(np.arange(12.0))
    again = read_csv_storm(table(head + "".join(reversed(rows))))
    assert again.members == storm.members
    assert again.values("wind_speed") == pytest.approx(storm.values("wind_speed"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("snowfall [mm/h]", "snowfall [furlong]", "row 3, column snowfall: 'furlong' is no unit"),
        ("# source", "# standing: reported\n# source", "row 2: 'reported' is no standing"),
        ("# source", "# issued: soon\n# source", "row 2: 'soon' is no issue time"),
        ("b,74.0,47.0", "b,74.0,95", "row 6, column lat: 95 lies outside the globe; lat lies"),
        (",1.5,18", ",-1.5,18", "row 6, column snowfall: 1 value .* cannot be, the first -1.5"),
        (",18,-9", ",1800,-9", "row 6, column wind_speed: 1 value .* the first 500 m/s; check"),
        (",1.5,18", ",inf,18", "1 fault\n.*row 6, column snowfall: 'inf' is no finite number"),
    ],
)
def test_faults_tell_file_and_row(table: Write, old: str, new: str, told: str) -> None:
    """Whatever is wrong with a cell or a line is found in an editor."""
    with pytest.raises(FaultsError, match=told) as caught:
        read_csv_storm(table(GOOD.replace(old, new)))
    assert caught.value.faults[0].file == "weather.csv"
    assert caught.value.faults[0].remedy or "inf" in new


def test_a_steady_gale_tells_the_row_of_its_unit(table: Write) -> None:
    """Winds of 40 to 50 m/s all the time are km/h taken for m/s."""
    text = GOOD.replace("[km/h]", "[m/s]").replace(",36,", ",45,").replace(",18,", ",40,")
    with pytest.raises(FaultsError, match=r"weather\.csv, row 3, column wind_speed: half of all"):
        read_csv_storm(table(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no table"),
        ("# source: x\n", "no table"),
        ("hello\nworld\n", "lacks time, lon, lat"),
        ("time,lon,lat\n2026-01-15T13:00Z,74,47\n", "none of the columns"),
        ("time,lon,lat,snowfall [mm/h]\n", "no rows"),
        ("time,lon,lat,lat,snowfall [mm/h]\n1,2,3,4,5\n", "twice"),
        ("# timezone: Mars/Base\ntime,lon,lat,snowfall [mm/h]\n1,2,3,4\n", "no time zone"),
        ("# issued: soon\n" + GOOD.split("\n", 1)[1], "no issue time"),
    ],
)
def test_what_is_no_table_of_weather_is_refused(table: Write, text: str, told: str) -> None:
    """Each with what is wrong."""
    with pytest.raises(RoadplanError, match=told):
        read_csv_storm(table(text))


def test_a_storm_survives_being_written(storm_of: Callable[..., Storm], tmp_path: Path) -> None:
    """Values, holes, origin and stations come back."""
    wind = np.full((2, 7, 2), 12.0)
    wind[1, 2, 1] = np.nan
    storm = storm_of(
        wind_speed=wind,
        visibility=None,
        loose_snow=4.5,
        coords={"route": ["main", "main"], "station_m": [100.0, 5100.0]},
    )
    write(storm, tmp_path / "storm.csv")
    again = read(tmp_path / "storm.csv")
    for name in ("snowfall", "wind_speed", "visibility", "loose_snow"):
        assert again.values(name) == pytest.approx(storm.values(name), nan_ok=True)
    assert again.data["station_m"].values.tolist() == [100.0, 5100.0]
    assert (again.issued, again.source) == (storm.issued, storm.source)
