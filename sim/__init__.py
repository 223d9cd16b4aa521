"""One scenario file, one synthetic population of customers, two engines.

``import sim`` loads nothing heavy; the command line is in `sim.cli`.
"""

__version__ = "0.1.0"
