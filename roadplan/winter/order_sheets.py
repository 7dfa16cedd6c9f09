"""Order sheets: what each crew does tonight, to print and take along."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Final

from roadplan.corridor import Position
from roadplan.i18n import LANGUAGES, translate, translate_count
from roadplan.winter.documents import DOMAIN, joined_legs
from roadplan.winter.replay import Leg
from roadplan.winter.spoken_posts import SpokenPosts

if TYPE_CHECKING:
    from roadplan.winter.build import Board, Duty
    from roadplan.winter.planning import NightPlan

_STYLE: Final = """
@page { size: A4; margin: 14mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif } }
body { font: 11pt/1.35 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #111;
  margin: 1em auto; max-width: 190mm; padding: 0 1em }
section { break-after: page; page-break-after: always; margin-bottom: 3em }
section:last-of-type { break-after: auto; page-break-after: auto }
h1 { font-size: 16pt; margin: 0 0 .2em }
h2 { font-size: 12pt; font-weight: normal; margin: 0 0 1em }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #777; padding: .25em .5em; text-align: left;
  vertical-align: top }
th { background: #eee } tr { break-inside: avoid } tr.day { break-after: avoid }
tr.whose { display: none }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums }
tr.plough td { font-weight: 600 }
td.box { width: 4em } th:nth-child(3), th:nth-child(4) { min-width: 8.2em }
td span, td small span { white-space: nowrap }
td small { display: block; line-height: 1.25; font-weight: normal; font-size: 8.5pt; color: #333 }
nav ul { columns: 12em; padding-left: 1.2em } nav li { margin: .2em 0 }
.note { color: #444; font-size: 9.5pt; margin: 1em 0 }
.sign { margin-top: 2em } @media print { nav, .screen { display: none }
  body { margin: 0; padding: 0; font-size: 10pt } th, td { padding: .15em .4em }
  /* A head of a table comes again on every page, so that a loose sheet says whose it is. */
  tr.whose { display: table-row } }
@media screen and (max-width: 620px) {
  body { padding: 0 .7em } nav ul { columns: 9em }
  table, tbody { display: block } thead { display: none }
  tr { display: grid; grid-template-columns: auto 1fr auto; border: 1px solid #777;
    border-bottom: 0; padding: .3em .5em; column-gap: .7em }
  tr:last-child { border-bottom: 1px solid #777 }
  td, tr.day th { border: 0; padding: .1em 0; background: none }
  tr.day { background: #eee } tr.day th { grid-column: 1 / -1 }
  td.box { grid-row: 1; grid-column: 3; width: 1.2em; height: 1.2em; border: 1px solid #777;
    border-radius: 3px }
  td.from { grid-column: 1 / -1 } td.to { grid-column: 1 / -1 } td.way { grid-column: 1 / 3 }
  td.to:not(:empty)::before { content: "→ " }
  td.km:not(:empty)::after { content: " " attr(data-unit) } }
"""

_ADVICE: Final = (
    "Times are local. Begin no earlier than written; where the road is closed or the snow is "
    "deeper than the machine moves, tell the dispatcher."
)
_STAND_BY: Final = "Stand by at the depot; there is no order yet."
_STAND_BY_OUT: Final = "Stand by where you are; there is no order yet."
_HYPHEN: Final = "\N{NON-BREAKING HYPHEN}"
_WORDS: Final = {"plough": "Clear", "travel": "Drive", "refill": "Refill"}


def order_sheets(planned: NightPlan, *, language: str) -> str:
    """Return the order sheets of all crews as one page that prints a crew a sheet.

    Parameters
    ----------
    planned
        The plan.
    language
        `ru`, `kk` or `en`.

    Returns
    -------
    str
        HTML without scripts or anything loaded from elsewhere; all text from users is escaped.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    page = _Page(planned, language)
    sheets = [
        page.sheet(number, duty, planned.timetable.legs[number])
        for number, duty in enumerate(planned.board.duties)
    ]
    links = "".join(
        f'<li><a href="#crew-{number}">{escape(duty.name)}</a></li>'
        for number, duty in enumerate(planned.board.duties)
    )
    title = page.say("Orders for the crews")
    empty = "" if sheets else f"<p>{page.say('There is no crew on duty.')}</p>"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<nav><h1>{title}</h1><p>{page.span()}</p><ul>{links}</ul></nav>\n{empty}"
        + "\n".join(sheets)
        + "\n</body>\n</html>\n"
    )


class _Page:
    """Writes sheets of one plan in one language."""

    def __init__(self, planned: NightPlan, language: str) -> None:
        self.planned, self.language = planned, language
        self.board: Board = planned.board
        self.corridor = planned.board.night.corridor
        self.spoken = SpokenPosts(self.corridor, language)

    def say(self, text: str) -> str:
        """Return a sentence of ours in the language, as HTML."""
        return escape(translate(text, self.language, DOMAIN))

    def span(self) -> str:
        """Return from when to when the plan runs, in local time."""
        night = self.board.night
        first, last = night.start, night.moment(night.slots.count * night.slots.hours)
        return f"{_day(first)} {_clock(first)} – {_day(last)} {_clock(last)}"

    def sheet(self, number: int, duty: Duty, legs: tuple[Leg, ...]) -> str:
        """Return the sheet of one crew."""
        board, night = self.board, self.board.night
        begin = night.moment(duty.start_slot * night.slots.hours)
        end = night.moment(duty.end_slot * night.slots.hours)
        crew_class = board.fleet.classes[duty.crew.crew_class]
        base = board.fleet.bases[duty.crew.base]
        names = {
            "Class": crew_class.names[self.language],
            "Depot": base.names[self.language],
            "On duty": f"{_day(begin)} {_clock(begin)} – {_day(end)} {_clock(end)}",
        }
        facts = " · ".join(f"{self.say(key)}: {escape(value)}" for key, value in names.items())
        if duty.crew.standing == "estimated":
            facts += f" · {self.say('the crew is an estimate')}"
        rows = self.rows(legs) or self.standing(duty)
        head = "".join(
            f"<th>{self.say(text)}</th>"
            for text in ("Time", "What", "From", "To", "Direction", "km", "Done")
        )
        work = (
            f'<table><thead><tr class="whose"><th colspan="7">{self.say("Order")}: '
            f"{escape(duty.name)} · {self.span()}</th></tr><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
            if rows
            else ""
        )
        if not legs:
            work = f"<p>{self.say(_STAND_BY if duty.place is None else _STAND_BY_OUT)}</p>{work}"
        return (
            f'<section id="crew-{number}"><h1>{self.say("Order")}: {escape(duty.name)}</h1>'
            f"<h2>{facts}</h2>{work}"
            f'<p class="note">{self.say(_ADVICE)}</p><p class="note">{self.legend()}</p>'
            f'<p class="sign">{self.say("Dispatcher")}: ______________ '
            f"{self.say('Crew leader')}: ______________</p></section>"
        )

    def rows(self, legs: tuple[Leg, ...]) -> list[str]:
        """Return a table row for each leg and each wait, under the day on which it begins."""
        found = []
        last: Leg | None = None
        today = ""
        for leg in joined_legs(legs):
            rows = [(leg.start_h, self.row(leg))]
            if last is not None and leg.start_h - last.end_h >= 0.25:
                wait = self.wait(last.end_h, leg.start_h, self.place(leg.start))
                rows.insert(0, (last.end_h, wait))
            for start_h, row in rows:
                day = _day(self.moment(start_h))
                if day != today:
                    found.append(self.day(day))
                today = day
                found.append(row)
            last = leg
        return found

    def standing(self, duty: Duty) -> list[str]:
        """Return the rows of a crew without orders: none at its depot, else a wait on the road."""
        if duty.place is None:
            return []
        slot_h = self.board.night.slots.hours
        begin_h, end_h = duty.start_slot * slot_h, duty.end_slot * slot_h
        day = self.day(_day(self.moment(begin_h)))
        return [day, self.wait(begin_h, end_h, self.posts(duty.place))]

    def day(self, day: str) -> str:
        """Return the row above those of a day."""
        return f'<tr class="day"><th colspan="7">{day}</th></tr>'

    def wait(self, begin_h: float, end_h: float, place: str) -> str:
        """Return the row of a wait at a place, which is HTML already."""
        times = f"{self.time(begin_h)} – {self.time(end_h)}"
        return (
            f'<tr class="wait"><td class="time">{times}</td><td>{self.say("Wait")}</td>'
            f'<td class="from">{place}</td><td class="to"></td><td class="way"></td>'
            '<td class="km"></td>'
            '<td class="box"></td></tr>'
        )

    def row(self, leg: Leg) -> str:
        """Return the row of a leg."""
        board = self.board
        start, end, direction = self.place(leg.start), self.place(leg.end), ""
        km = float(board.travel_m[leg.start, leg.end]) / 1000.0
        what = self.say(_WORDS[leg.kind])
        if leg.kind == "plough":
            items = board.items
            route, low, high = items.stretch(leg.item, board.night.road)
            rising = int(items.direction[leg.item]) == 0
            first, last = (low, high) if rising else (high, low)
            start, end = (self.posts(Position(route, at)) for at in (first, last))
            way = "kilometres rising" if rising else "kilometres falling"
            name = self.corridor.route(route).names[self.language] or route
            direction = f"{self.say(way)}<small>{escape(name)}</small>"
            km = float(items.length_m[leg.item]) / 1000.0
            if leg.strips > 1:
                strips = translate_count(
                    "{n} pass side by side",
                    "{n} passes side by side",
                    leg.strips,
                    self.language,
                    DOMAIN,
                )
                what += f", {escape(strips)}"
        elif leg.kind == "refill":
            end, km = "", 0.0
        return (
            f'<tr class="{leg.kind}"><td class="time">{self.time(leg.start_h)} – '
            f'{self.time(leg.end_h)}</td><td>{what}</td><td class="from">{start}</td>'
            f'<td class="to">{end}</td><td class="way">{direction}</td>'
            f'<td class="time km" data-unit="{self.say("km")}">{self.spoken.number(km)}</td>'
            '<td class="box"></td></tr>'
        )

    def place(self, node: int) -> str:
        """Return a node as HTML: the name of the base, posts."""
        board = self.board
        posts = self.posts(board.places[node])
        depot = board.depot_of[node]
        if not depot:
            return posts
        return f"{escape(board.fleet.bases[depot].names[self.language])}<br>{posts}"

    def posts(self, place: Position) -> str:
        """Return the kilometre posts of a place as HTML, each on a line of its own."""
        lines = [
            # Lines break between name and number only: hyphens in names do not part.
            f"{escape(name).replace('-', _HYPHEN)} <span>{km}</span>"
            for name, km in self.spoken.at(place)
        ] or [escape(self.spoken.along(place))]
        first, *others = lines
        return first + "".join(f"<small>{line}</small>" for line in others)

    def legend(self) -> str:
        """Return what the short names of the postings mean."""
        lines = [
            f"{escape(self.spoken.label(posting))} – {escape(name)}"
            for posting, row in self.spoken.postings.items()
            if (name := str(row.get(f"name_{self.language}") or row.get("name_en") or ""))
        ]
        return " · ".join(lines)

    def time(self, hours: float) -> str:
        """Return a local time to the minute."""
        return _clock(self.moment(hours))

    def moment(self, hours: float) -> dt.datetime:
        """Return the minute some hours after the beginning of the plan."""
        return self.board.night.moment(round(hours * 60) / 60)


def _clock(moment: dt.datetime) -> str:
    return f"{moment:%H:%M}"


def _day(moment: dt.datetime) -> str:
    return f"{moment:%d.%m.%Y}"
