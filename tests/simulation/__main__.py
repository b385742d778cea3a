"""`make simulate`: worlds until the count or the time is over; SEED (and KEEP) replay one of them."""

import os
import resource
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context

from tests.simulation.faults import draw
from tests.simulation.runs import Tally, outcome, play, scene, shrunk, told

SEEDS = 10_000
A_SHARE = 50


def main() -> int:
    if seed := os.environ.get("SEED"):
        return _replay(int(seed), os.environ.get("KEEP"))
    return _many()


def _replay(seed: int, kept: str | None) -> int:
    plan = draw(seed)
    places = (
        list(range(len(plan.events))) if kept is None else [int(place) for place in kept.split(",") if place]
    )
    with scene() as made:
        done = outcome(made, plan.only(places))
        print(*done.plan.events, sep="\n")
        if not done.wrongs:
            print(f"seed {seed}: all is well: {dict(done.states)}")
            return 0
        if kept is None:
            places, done = shrunk(made, plan)
        print(told(places, plan, done))
    return 1


def _many() -> int:
    wanted, seconds = int(os.environ.get("SEEDS") or SEEDS), float(os.environ.get("SECONDS") or 1e9)
    first = int(os.environ.get("FIRST") or secrets.randbelow(10**9))
    cores = len(os.sched_getaffinity(0))
    print(f"worlds from seed {first} on, on {cores} cores")
    began, whole = time.perf_counter(), Tally()
    shares = (
        range(start, min(start + A_SHARE, first + wanted)) for start in range(first, first + wanted, A_SHARE)
    )
    # Forked, since to import the program takes as long as a hundred worlds. No other thread runs yet.
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        for number, share in zip(count(1), pool.map(play, shares), strict=False):
            _put_together(whole, share)
            took = time.perf_counter() - began
            print(
                f"\r{whole.worlds} worlds, {whole.jobs} jobs, {whole.jobs / took:.0f} a second, "
                f"{len(whole.bad)} wrong",
                end="",
                flush=True,
            )
            if took > seconds or len(whole.bad) > 20:
                print(f" after {number} shares", end="")
                pool.shutdown(cancel_futures=True)
                break
    print()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    print(f"{cpu_s:.0f} s of a core, so {whole.jobs / max(cpu_s, 0.1):.0f} jobs a second and core")
    _report("jobs ended", whole.states)
    _report("what was drawn", whole.faults)
    _report("what struck a call or a job of a provider", whole.struck)
    with scene() as made:
        for bad in whole.bad[:5]:
            kept, last = shrunk(made, bad.plan)
            print(told(kept, bad.plan, last))
    return 1 if whole.bad else 0


def _put_together(whole: Tally, share: Tally) -> None:
    whole.worlds += share.worlds
    whole.jobs += share.jobs
    whole.lives += share.lives
    whole.faults += share.faults
    whole.states += share.states
    whole.struck += share.struck
    whole.bad += share.bad


def _report(title: str, counted: Counter[str]) -> None:
    print(f"{title}: " + ", ".join(f"{name} {number}" for name, number in counted.most_common()))


if __name__ == "__main__":
    sys.exit(main())
