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
@page { size: A4; margin: 11mm 10mm 14mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif } }
body { font: 11pt/1.35 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #111;
  margin: 1em auto; max-width: 190mm; padding: 0 1em; overflow-wrap: break-word }
section { margin-bottom: 3em }
section + section { break-before: page }
h1 { font-size: 16pt; margin: 0 0 .2em }
h2 { font-size: 12pt; font-weight: normal; margin: 0 0 1em }
table { border-collapse: collapse; width: 100%; font-size: 10pt }
th, td { border: 1px solid #777; padding: .25em .5em; text-align: left; vertical-align: top }
th { background: #eee }
tr { break-inside: avoid }
tr.day { break-after: avoid }
tr.plough td { font-weight: 600 }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums }
td.box { width: 4em }
td span { white-space: nowrap }
small { display: block; line-height: 1.25; font-weight: normal; font-size: 8.5pt; color: #333 }
nav ul { columns: 12em; padding-left: 1.2em }
nav li { margin: .2em 0 }
.note { color: #444; font-size: 9.5pt; margin: 1em 0 }
.sign { margin-top: 2em }
tr.closing td { border: 0; padding: 0 }
/* A head of a table comes again on every page, so that a loose sheet says whose it is. */
@media print {
  nav { display: none }
  body { margin: 0; padding: 0; max-width: none; font-size: 10pt; line-height: 1.25 }
  h2 { font-size: 10pt; margin-bottom: .5em }
  td { padding: .35em .3em; font-size: 9.5pt }
  th { padding: .2em .3em; font-size: 9pt }
  th:nth-child(3), th:nth-child(4) { width: 32mm }
  th:nth-child(5) { width: 45mm }
  td.way small { font-size: 7.5pt }
  td.box { width: auto }
  tr.whose th { border: 0; padding: 0 0 .3em; background: none; font-size: 10pt }
  small { font-size: 8pt }
  .note { margin: .6em 0 }
  .sign { margin: 1.5em 0 0 }
}
@media screen { tr.whose { display: none } }
@media screen and (max-width: 760px) {
  body { margin: .5em auto; padding: 0 .7em }
  nav ul { columns: 8.5em; padding: 0; list-style: none }
  nav li { margin: 0; break-inside: avoid }
  nav a { display: block; padding: .6em .2em }
  section > h1 { position: sticky; top: 0; padding: .2em 0; background: #fff }
  table { font-size: inherit }
  table, tbody, tr, th, td { display: block }
  thead { display: none }
  th, td { border: 0; padding: 0; min-width: 0 }
  tr.day th { padding: .3em .5em; margin-top: .6em }
  tbody tr:not(.day, .closing) { display: grid; grid-template-columns: 6fr 3fr 3fr; gap: .3em .6em;
    padding: .6em .5em; border-bottom: 1px solid #777 }
  td:not(:nth-child(-n + 2))::before { content: attr(data-head); display: block;
    font-weight: normal; font-size: 8.5pt; color: #444 }
  td:empty:not(.box) { display: none }
  td.time, td.from, td.way { grid-column: 1 }
  td.what, td.to { grid-column: 2 / 4 }
  td.km { grid-column: 2 }
  td.box { width: auto; grid-column: 3 }
  td.box::after { content: ""; display: block; width: 1.6em; height: 1.6em;
    border: 1px solid #777 }
}
"""

_ADVICE: Final = (
    "Times are local. Begin no earlier than written; where the road is closed or the snow is "
    "deeper than the machine moves, tell the dispatcher."
)
_STAND_BY: Final = "Stand by at the depot; there is no order yet."
_STAND_BY_OUT: Final = "Stand by where you are; there is no order yet."
_HYPHEN: Final = "\N{NON-BREAKING HYPHEN}"
_HEADS: Final = {
    "Time": "time",
    "What": "what",
    "From": "from",
    "To": "to",
    "Direction": "way",
    "km": "time km",
    "Done": "box",
}
"""Heads of the columns and the style classes of their cells."""
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
        f"<nav><h1>{title}</h1><p>{page.plan()}</p><ul>{links}</ul></nav>\n{empty}"
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

    def plan(self) -> str:
        """Return which plan it is, as HTML: from when to when it runs, and for which storm."""
        storm = self.board.night.storm
        name = self.say("synthetic storm") if storm.synthetic else escape(storm.source)
        return f"{self.span()} · {name}"

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
        order = f"{self.say('Order')}: {escape(duty.name)}"
        rows = self.rows(legs) or self.standing(duty)
        closing = self.closing()
        work = self.table(order, rows, closing) if rows else closing
        if not legs:
            work = f"<p>{self.say(_STAND_BY if duty.place is None else _STAND_BY_OUT)}</p>{work}"
        return f'<section id="crew-{number}"><h1>{order}</h1><h2>{facts}</h2>{work}</section>'

    def closing(self) -> str:
        """Return what stands at the end of a sheet: advice, names of postings, signatures."""
        return (
            f'<p class="note">{self.say(_ADVICE)}</p><p class="note">{self.legend()}</p>'
            f'<p class="sign">{self.say("Dispatcher")}: ______________ '
            f"{self.say('Crew leader')}: ______________</p>"
        )

    def table(self, order: str, rows: list[str], closing: str) -> str:
        """Return the table of a crew, whose head says on every printed page whose it is.

        The end of the sheet is a row too: alone on a page, it would not be under that head.
        """
        width = len(_HEADS)
        heads = "".join(f"<th>{self.say(head)}</th>" for head in _HEADS)
        whose = f'<tr class="whose"><th colspan="{width}">{order} · {self.plan()}</th></tr>'
        end = f'<tr class="closing"><td colspan="{width}">{closing}</td></tr>'
        return (
            f"<table><thead>{whose}<tr>{heads}</tr></thead>"
            f"<tbody>{''.join(rows)}{end}</tbody></table>"
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
        return f'<tr class="day"><th colspan="{len(_HEADS)}">{day}</th></tr>'

    def wait(self, begin_h: float, end_h: float, place: str) -> str:
        """Return the row of a wait at a place, which is HTML already."""
        return self.cells("wait", begin_h, end_h, (self.say("Wait"), place, "", "", ""))

    def cells(
        self, kind: str, begin_h: float, end_h: float, texts: tuple[str, str, str, str, str]
    ) -> str:
        """Return a row with its times, with texts from "What" to "km" and a box to tick."""
        times = f"{self.time(begin_h)} – {self.time(end_h)}"
        found = "".join(
            f'<td class="{named}" data-head="{self.say(head)}">{text}</td>'
            for (head, named), text in zip(_HEADS.items(), (times, *texts, ""), strict=True)
        )
        return f'<tr class="{kind}">{found}</tr>'

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
        texts = (what, start, end, direction, self.spoken.number(km))
        return self.cells(leg.kind, leg.start_h, leg.end_h, texts)

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
