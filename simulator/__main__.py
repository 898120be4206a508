"""``python -m simulator``: the same as ``manage.py phone_simulator``, without Django."""

from __future__ import annotations

import argparse
import sys

from simulator.options import Options, add_arguments
from simulator.server import PortTakenError, serve

parser = argparse.ArgumentParser(prog="simulator", description="Phone simulator")
add_arguments(parser)
try:
    serve(Options.of(vars(parser.parse_args())))
except PortTakenError as problem:
    sys.exit(str(problem))
