"""`make bench`: every measurement beside its floor, a line each, kept as JSON, a table and a picture.

`make bench-compare` lays the two newest runs beside each other. `python -m tests.bench orders fit` measures
these two. Each part is a process of its own, so that none has another's memory, and says how long it took.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path

from tests.bench import (
    acknowledge,
    acknowledgements,
    asking,
    crowd,
    delivery,
    fit,
    hiding,
    lost_answers,
    memory,
    orders,
    results,
    running,
    screening,
    startup,
    studio,
    verify,
)

PARTS: dict[str, Callable[[], object]] = {
    "orders": lambda: asyncio.run(orders.report(1.0)),
    "acknowledge": lambda: asyncio.run(acknowledge.report()),
    "acknowledgements": lambda: asyncio.run(acknowledgements.report()),
    "start-up": lambda: asyncio.run(startup.report()),
    "memory": lambda: asyncio.run(memory.report()),
    "asking": lambda: asyncio.run(asking.report(seconds=4.0, together=True)),
    "lost answers": lambda: asyncio.run(lost_answers.report()),
    "ledger": partial(verify.report, verify.ENTRIES, verify.VERIFIED),
    "hiding": lambda: asyncio.run(hiding.report()),
    "screening": screening.report,
    "studio": studio.report,
    "fit": lambda: asyncio.run(fit.report()),
    "delivery": lambda: asyncio.run(delivery.report()),
    "crowd": lambda: asyncio.run(crowd.report()),
}

FOLDER = Path("build") / "bench"
SIDE_BY_SIDE = ("ledger", "fit")
"""Of one core each, and counted by what they use of it: a run of all has them at the same time."""
WHOLE_S = 300
"""All of it is to take no longer on two idle cores."""

HERE = (sys.executable, "-u", "-m", "tests.bench", "--here")


def side_by_side() -> None:
    """Those two at the same time; the second's lines after the first's."""
    first, second = SIDE_BY_SIDE
    with subprocess.Popen((*HERE, second), stdout=subprocess.PIPE, text=True) as beside:
        PARTS[first]()
        print(beside.communicate()[0], end="", flush=True)
    if beside.returncode:
        sys.exit(beside.returncode)


BOTH = " and ".join(SIDE_BY_SIDE)
WHOLE = [name for name in PARTS if name not in SIDE_BY_SIDE] + [BOTH]
PARTS[BOTH] = side_by_side

parser = argparse.ArgumentParser(description="Every measurement, beside its floor.")
parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these")
parser.add_argument("--compare", action="store_true", help="the two newest runs that were kept")
parser.add_argument("--here", action="store_true", help="in this process, and keep nothing")
chosen = parser.parse_args()
if chosen.compare:
    sys.exit(results.compare(FOLDER))
if chosen.here:
    for name in chosen.parts or WHOLE:
        PARTS[name]()
    sys.exit()
run, broken = running.measured(
    chosen.parts or WHOLE,
    HERE,
    sys.stdout,
    within_s=inf if chosen.parts else WHOLE_S,
)
print(f"kept in {run.save(FOLDER)}, with a table and a picture beside it")
sys.exit(f"broken off: {', '.join(broken)}" if broken else 0)
