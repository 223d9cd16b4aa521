"""Logs of calls for tests: their columns, rows of one, and the real ones where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.logs import Log, LogColumns, read_log

HEADER = "day,at,topic,menu,queued,end,talk,who"
COLUMNS = LogColumns(
    arrival=("day", "at"),
    delay="menu",
    intent="topic",
    wait="queued",
    outcome="end",
    service="talk",
    agent="who",
    answered=("AGENT",),
    abandoned=("HANG",),
    leave_out=(("topic", ("internal",)), ("end", ("PHANTOM", ""))),
    abandoned_without_wait="leave_out",
)
BANK = LogColumns(
    arrival=("date", "arrival_time"),
    delay="ivr_seconds",
    intent="service_type",
    wait="queue_seconds",
    outcome="outcome",
    service="service_seconds",
    agent="agent",
    answered=("AGENT",),
    abandoned=("HANG",),
    leave_out=(("service_type", ("IN",)), ("outcome", ("PHANTOM",))),
    abandoned_without_wait="leave_out",
)
SYNTHETIC = LogColumns(
    arrival=("date", "time"),
    delay="ivr_s",
    intent="intent",
    wait="wait_s",
    outcome="outcome",
    service="talk_s",
    agent="agent",
    answered=("answered",),
    abandoned=("abandoned",),
    abandoned_without_wait="leave_out",
)


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "calls.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8", newline="")
    return path


def answered(at: str, talk: int, who: str = "A1", day: str = "2024-03-04") -> str:
    return f"{day},{at},bill,0,0,AGENT,{talk},{who}"


def bank_log(month: str) -> Log:
    folder = os.environ.get("SIM_DATA")
    if not folder:
        pytest.skip("set SIM_DATA to the folder of the real logs")
    return read_log(Path(folder) / "anonymous_bank_1999" / f"1999-{month}.csv", BANK)
