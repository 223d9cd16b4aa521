"""Makes `docs/tutorial/shifts.xlsx`: the week of a telephone team of twelve as a planner keeps it in Excel.

One worksheet is the usual week, which follows contracts and not calls: plenty of people around noon, too few early,
late and on Saturday. The other is a proposal: the same people and fewer hours, moved to where the calls are, with what
is changed in yellow. Both have a title, real times of day, breaks in pairs of columns and an hourly cost. The same
rows always give the same cells. To write it anew: ``python tests/make_shifts.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format

Cell = str | float | time | None

PATH = Path(__file__).parent.parent / "docs" / "tutorial" / "shifts.xlsx"
HEADER = (
    "Name", "Days", "Start", "End", "Break start", "Break end", "Lunch start", "Lunch end", "Cost (£/h)",
)  # fmt: skip
WIDTHS = (16, 20, 8, 8, 12, 12, 12, 12, 11)
"""Of the columns, in characters."""
NOTE = "Twelve people. The short break is paid, lunch is not."
TOP = 3
"""Rows above the header: a title, a note, an empty one."""


class Row(NamedTuple):
    """One person on some days of the week; times as ``9:00``, breaks as ``10:15-10:30``, empty where there is none."""

    name: str
    days: str
    start: str
    end: str
    tea: str
    lunch: str
    cost: float


TEAM = (
    Row("Amira Khan", "Mon-Fri", "8:00", "16:00", "10:30-10:45", "12:30-13:00", 14.20),
    Row("Ben Turner", "Mon-Fri", "8:00", "16:00", "10:15-10:30", "12:00-12:30", 13.40),
    Row("Carys Jones", "Mon-Fri", "8:00", "16:00", "10:45-11:00", "12:00-12:30", 13.40),
    Row("Dev Patel", "Mon-Fri", "8:00", "16:00", "11:00-11:15", "12:30-13:00", 13.40),
    Row("Ewa Nowak", "Mon-Wed, Fri", "9:00", "17:00", "11:15-11:30", "13:00-13:30", 13.40),
    Row("Ewa Nowak", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Fraser Reid", "Mon-Fri", "10:00", "18:00", "16:15-16:30", "13:30-14:00", 13.40),
    Row("Grace Obi", "Mon-Fri", "10:00", "18:00", "16:30-16:45", "14:00-14:30", 13.40),
    Row("Harry Lloyd", "Mon-Thu", "10:00", "18:00", "16:45-17:00", "13:00-13:30", 13.40),
    Row("Harry Lloyd", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Isla Brown", "Tue-Fri", "10:00", "18:00", "15:45-16:00", "13:30-14:00", 13.40),
    Row("Isla Brown", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Jo Mbeki", "Mon-Fri", "9:30", "13:30", "", "", 12.60),
    Row("Kim Adler", "Mon, Tue", "9:30", "15:00", "", "12:00-12:30", 12.60),
    Row("Kim Adler", "Sat", "9:00", "13:00", "", "", 12.60),
    Row("Liam Fox", "Mon, Tue, Wed", "10:00", "15:30", "", "12:30-13:00", 12.60),
    Row("Liam Fox", "Sat", "9:00", "13:00", "", "", 12.60),
)
PROPOSAL = (
    Row("Amira Khan", "Mon-Fri", "8:00", "16:00", "10:30-10:45", "12:30-13:00", 14.20),
    Row("Ben Turner", "Mon-Fri", "8:00", "16:00", "10:15-10:30", "12:00-12:30", 13.40),
    Row("Carys Jones", "Mon-Fri", "8:00", "16:00", "10:45-11:00", "12:00-12:30", 13.40),
    Row("Dev Patel", "Mon-Fri", "8:00", "16:00", "11:00-11:15", "12:30-13:00", 13.40),
    Row("Ewa Nowak", "Mon-Wed, Fri", "8:30", "16:30", "11:15-11:30", "13:00-13:30", 13.40),
    Row("Ewa Nowak", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Fraser Reid", "Mon, Wed-Fri", "10:00", "18:00", "12:00-12:15", "13:30-14:00", 13.40),
    Row("Fraser Reid", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Grace Obi", "Mon, Tue, Thu, Fri", "10:00", "18:00", "12:00-12:15", "14:00-14:30", 13.40),
    Row("Grace Obi", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Harry Lloyd", "Mon-Thu", "10:00", "18:00", "11:45-12:00", "13:00-13:30", 13.40),
    Row("Harry Lloyd", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Isla Brown", "Tue-Fri", "9:00", "17:00", "11:30-11:45", "13:30-14:00", 13.40),
    Row("Isla Brown", "Sat", "9:00", "13:00", "", "", 13.40),
    Row("Jo Mbeki", "Mon-Thu", "14:00", "18:00", "", "", 12.60),
    Row("Jo Mbeki", "Sat", "9:00", "13:00", "", "", 12.60),
    Row("Kim Adler", "Mon, Tue", "8:30", "14:00", "", "12:00-12:30", 12.60),
    Row("Kim Adler", "Sat", "9:00", "13:00", "", "", 12.60),
    Row("Liam Fox", "Mon, Tue, Fri", "12:30", "18:00", "", "14:00-14:30", 12.60),
    Row("Liam Fox", "Sat", "9:00", "13:00", "", "", 12.60),
)


def cells(row: Row) -> tuple[Cell, ...]:
    """A row as it stands under `HEADER`."""
    return (row.name, row.days, _time(row.start), _time(row.end), *_span(row.tea), *_span(row.lunch), row.cost)


def _span(text: str) -> tuple[time | None, time | None]:
    start, _, end = text.partition("-")
    return (_time(start), _time(end)) if text else (None, None)


def _time(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()


def write(path: Path = PATH) -> None:
    """Write the workbook."""
    with Workbook(path) as book:
        book.set_properties({"created": datetime(2026, 10, 5)})
        _fill(book, "Usual week", "Telephone team, usual week", NOTE, TEAM)
        _fill(book, "Proposal", "Telephone team, proposal", f"{NOTE} Yellow is moved.", PROPOSAL)


def _fill(book: Workbook, name: str, title: str, note: str, rows: Sequence[Row]) -> None:
    def form(**properties: object) -> Format:
        return book.add_format({"font_name": "Calibri", "font_size": 11, "border_color": "#BFBFBF", **properties})

    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.write(0, 0, title, form(bold=True, font_size=14))
    sheet.write(1, 0, note, form(italic=True, font_color="#595959"))
    head = form(bold=True, bg_color="#1F4E79", font_color="white", border=1, text_wrap=True, valign="vcenter")
    sheet.write_row(TOP, 0, HEADER, head)
    for number, row in enumerate(rows, TOP + 1):
        colour = {} if row in TEAM else {"bg_color": "#FFF2CC"}
        for column, value in enumerate(cells(row)):
            if isinstance(value, time):
                sheet.write_datetime(
                    number, column, value, form(num_format="hh:mm", align="center", border=1, **colour)
                )
            elif isinstance(value, float):
                sheet.write_number(number, column, value, form(num_format="0.00", border=1, **colour))
            else:
                sheet.write(number, column, value, form(border=1, **colour))
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(TOP + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


if __name__ == "__main__":
    write()
