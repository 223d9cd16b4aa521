"""Tables that people keep: CSV and Excel files, read with the place of every cell, and written.

A file from a phone system or a planner's workbook is never quite the same: title lines above the header, decimal
commas, another encoding, dates in four spellings, a row of totals. What can be read in exactly one way is read; what
can be read in two is a mistake with its place, never a guess. Reading goes in two steps: `read_sheet` finds the table
(encoding, delimiter, header, rows), then `Cells` reads its cells as what they are meant to be, so that a column nobody
asks for may hold anything.
"""

from __future__ import annotations

from sim.sheets.cells import Cells
from sim.sheets.dates import has_time, is_date
from sim.sheets.excel import write_xlsx
from sim.sheets.headers import Wanted, meant
from sim.sheets.read import read_sheet
from sim.sheets.table import DOTS, Sheet
from sim.sheets.times import is_time
from sim.sheets.values import Cell, Formula, Styled, Value, text_of
from sim.sheets.write import Tab, write_csv

__all__ = [
    "DOTS", "Cell", "Cells", "Formula", "Sheet", "Styled", "Tab", "Value", "Wanted", "has_time", "is_date", "is_time",
    "meant", "read_sheet", "text_of", "write_csv", "write_xlsx",
]  # fmt: skip
