"""Weather observed at airports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather import parse_metar, read

AS_OF = dt.datetime(2026, 1, 15, 13, tzinfo=dt.UTC)
TEXT = """\
METAR UAKK 151200Z 24012G18MPS 0800 R23/P1500 +SN BLSN OVC010 M12/M14 Q1020 R23/490550 NOSIG=
METAR UAAH 151200Z 27008MPS 9999 FEW030 M08/M12 Q1024=
SPECI UAAA 151230Z VRB02MPS 2000 -SN BR SCT020 M02/M03 Q1023=
"""


def test_the_three_airports_are_read() -> None:
    """Snowfall is estimated from its intensity; what is not told is missing."""
    storm = parse_metar(TEXT, as_of=AS_OF)
    assert storm.data["point"].values.tolist() == ["UAKK", "UAAH", "UAAA"]
    at = {name: storm.values(name)[0, 0] for name in ("wind_speed", "wind_gust", "visibility")}
    assert at["wind_speed"][:2].tolist() == [12, 8]
    assert at["wind_gust"][0] == 18
    assert np.isnan(at["wind_gust"][1])
    assert at["visibility"][:2].tolist() == [800, 10_000]
    assert storm.values("snowfall")[0, :, :].tolist()[0][:2] == [2.5, 0.0]
    assert storm.values("temperature")[0, 0, 0] == -12
    assert storm.times[-1] == np.datetime64("2026-01-15T12:30")
    assert np.isnan(storm.values("wind_direction")[0, 1, 2])


def test_observations_are_measured_and_their_snowfall_estimated() -> None:
    """The origin and its notes say so."""
    origin = parse_metar(TEXT, as_of=AS_OF).origin
    assert origin.standing == "measured"
    assert [note.code for note in origin.notes] == ["snow_estimated"]
    assert origin.issued == dt.datetime(2026, 1, 15, 12, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("wind", "expected"), [("24024KT", 12.347), ("24012MPS", 12.0), ("24043KMH", 11.944)]
)
def test_wind_units_of_the_report(wind: str, expected: float) -> None:
    """Knots, m/s and km/h are told apart by the report itself."""
    storm = parse_metar(f"UAKK 151200Z {wind} 9999 M12/M14 Q1020=", as_of=AS_OF)
    assert storm.values("wind_speed")[0, 0, 0] == pytest.approx(expected, abs=1e-3)


def test_blowing_snow_is_no_snowfall() -> None:
    """BLSN and DRSN lift what lies."""
    storm = parse_metar("UAKK 151200Z 24016MPS 0200 BLSN M12/M14 Q1020=", as_of=AS_OF)
    assert storm.values("snowfall")[0, 0, 0] == 0


def test_the_month_comes_from_the_date_or_the_moment_of_reading() -> None:
    """A report of the 31st read on the 1st is of the month before; a date on a line wins."""
    first = dt.datetime(2026, 2, 1, 0, 30, tzinfo=dt.UTC)
    report = "UAKK 312330Z 24012MPS 9999 M12/M14 Q1020="
    assert parse_metar(report, as_of=first).times[0] == np.datetime64("2026-01-31T23:30")
    dated = f"2024/12/31 23:30\n{report}"
    assert parse_metar(dated, as_of=first).times[0] == np.datetime64("2024-12-31T23:30")


def test_without_month_nothing_is_guessed() -> None:
    """Neither date nor moment: an error that says what to do."""
    with pytest.raises(FaultsError, match="has no month"):
        parse_metar(TEXT)


def test_reports_may_go_on_over_lines() -> None:
    """Lines that begin with a space continue the one before."""
    text = "METAR UAKK 151200Z 24012MPS 0800\n      SN M12/M14 Q1020=\n"
    storm = parse_metar(text, as_of=AS_OF)
    assert storm.values("snowfall")[0, 0, 0] == 1.0


def test_an_unknown_airport_needs_its_place() -> None:
    """It can be given."""
    report = "UACC 151200Z 24012MPS 9999 M12/M14 Q1020="
    with pytest.raises(FaultsError, match="UACC is not known"):
        parse_metar(report, as_of=AS_OF)
    storm = parse_metar(report, as_of=AS_OF, stations={"UACC": (71.47, 51.02)})
    assert float(storm.data["lon"][0]) == 71.47


def test_nonsense_in_a_report_is_noted_and_missing_reports_are_left_out() -> None:
    """Groups that are not understood leave a note; NIL reports leave nothing."""
    text = "UAKK 151200Z 24012MPS 9999 XXYYZZ11 M12/M14 Q1020=\nUAAH 151200Z NIL=\n"
    storm = parse_metar(text, as_of=AS_OF)
    assert storm.data["point"].values.tolist() == ["UAKK"]
    assert [note.code for note in storm.origin.notes] == ["not_understood"]


@pytest.mark.parametrize("text", ["", "no weather here", "UAAH 151200Z NIL="])
def test_a_text_without_reports_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(RoadplanError, match="holds no METAR"):
        parse_metar(text, as_of=AS_OF)


@pytest.mark.parametrize("time", ["152500Z", "001200Z", "320000Z"])
def test_impossible_times_are_faults(time: str) -> None:
    """Hour 25, day 0, day 32."""
    with pytest.raises(FaultsError):
        parse_metar(f"UAKK {time} 24012MPS 9999 M12/M14 Q1020=", as_of=AS_OF)


def test_a_file_of_metars_is_known_by_its_content(tmp_path: Path) -> None:
    """Whatever its name."""
    path = tmp_path / "latest.txt"
    path.write_text(TEXT, encoding="utf-8")
    assert read(path, as_of=AS_OF).shape == (1, 2, 3)
