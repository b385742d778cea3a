"""`make bench`: every measurement beside its floor, a line each, kept as JSON, a table and a picture.

`make bench-compare` lays the two newest runs beside each other. `python -m tests.bench orders` measures one.
"""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench import (
    acknowledge,
    acknowledgements,
    asking,
    delivery,
    fit,
    hiding,
    lost_answers,
    memory,
    orders,
    results,
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
    "asking": lambda: asyncio.run(asking.report(seconds=3.0)),
    "lost answers": lambda: asyncio.run(lost_answers.report()),
    "ledger": partial(verify.report, verify.ENTRIES, verify.VERIFIED),
    "hiding": lambda: asyncio.run(hiding.report()),
    "screening": screening.report,
    "studio": studio.report,
    "fit": lambda: asyncio.run(fit.report()),
    "delivery": lambda: asyncio.run(delivery.report()),
}

FOLDER = Path("build") / "bench"

parser = argparse.ArgumentParser(description="Every measurement, beside its floor.")
parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these")
parser.add_argument("--compare", action="store_true", help="the two newest runs that were kept")
chosen = parser.parse_args()
if chosen.compare:
    sys.exit(results.compare(FOLDER))
run = results.Results()
for name in chosen.parts or PARTS:
    tee = results.Tee(sys.stdout)
    with contextlib.redirect_stdout(tee):
        PARTS[name]()
    run.parts[name] = tee.text.splitlines()
print(f"kept in {run.save(FOLDER)}, with a table and a picture beside it")
