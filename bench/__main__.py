"""The command line: `python -m bench [name…] [--quick] [--rounds N] [--markdown]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

from bench import report
from bench.machine import Others
from bench.result import Figure
from bench.servers import missing
from shared.logs import configure

SUBMITTING = ("submit", "hop", "drain", "chains", "lists", "todo")
BENCHES = (*SUBMITTING, "notifications", "unread", "sse", "embedded", "catch_up")


def main() -> int:
    """Measures the benches named (all by default) and prints a line as soon as each figure is known."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="short measurements, one round")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved rounds (3, or 1 with --quick)")
    parser.add_argument("--markdown", action="store_true", help="print the page docs/figures.md")
    asked = parser.parse_args()
    if wrong := [name for name in asked.names if name not in BENCHES]:
        parser.error(f"no such bench: {', '.join(wrong)}; there are {', '.join(BENCHES)}")
    if absent := missing():
        print(f"no server: {', '.join(absent)}", file=sys.stderr)
        return 1
    rounds = asked.rounds or (1 if asked.quick else 3)
    configure("console", "ERROR")  # a wiped broker is no news here
    found: list[Figure] = []
    failed: list[str] = []
    load: dict[str, float] = {}
    for name in asked.names or BENCHES:
        others, started = Others(), time.monotonic()
        try:
            for figure in importlib.import_module(f"bench.{name}").measure(rounds, asked.quick):
                found.append(figure)
                print(report.line(figure), file=sys.stderr if asked.markdown else sys.stdout, flush=True)
        except Exception:  # the other benches are still worth their time
            traceback.print_exc()
            failed.append(name)
        load[name] = others.cores()
        print(f"  {name}: {time.monotonic() - started:.0f} s, others {load[name]:.2f} cores", file=sys.stderr)
    if asked.markdown:
        print(report.page(found, load, rounds))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
