"""Make the pictures of the README and of docs/compare.md again: ``python docs/pictures.py``.

Compares the policies of `scenarios/broadband_week.yaml` and keeps the first screen of the report, and of the plot of
risk and error the panel of the phone. Needs chromium; takes about a minute.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SCENARIO = ROOT / "scenarios" / "broadband_week.yaml"


def main() -> None:
    from sim import plots
    from sim.compare import comparison
    from sim.plots.risk import Risk
    from sim.report import compare_folder, compare_pictures
    from sim.results import read

    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "compared"
        subprocess.run([sys.executable, "-m", "sim", "compare", str(SCENARIO), "--out", str(folder)], check=True)
        page, shot = folder / "report.html", ROOT / "tests" / "browser" / "screenshot.py"
        subprocess.run([sys.executable, str(shot), str(page), str(IMAGES / "report.png")], check=True)
        named = [(name, read(run)) for name, run in compare_folder.kept(folder).policies]
        shown = {name: data for name, policy, data in compare_pictures.pictures(comparison(named)) if policy is None}
        phone = Risk(shown["risk"].panels[:1], shown["risk"].span)
        plots.write("risk", phone, folder / "phone")
        shutil.copy(folder / "phone" / "risk.png", IMAGES / "risk.png")


if __name__ == "__main__":
    main()
