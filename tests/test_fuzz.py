"""Raw interactions by the thousand: the real client answers each, with no traceback and no money moved."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count as numbers
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz_reach import Reach
from tests.fuzz_world import World, open_world
from tests.fuzzing import Forger, Input
from tests.props import count, dice

BATCH = 25
"""As many as one message of ours has buttons for, and all at once."""

AIMED = 4
"""So often all that there is to be reached is aimed at, before anything is sent anywhere."""

WORLDS = count(2, 40)
"""A new one after a while: whom its forgers have blocked, and what they have paused or erased, stays so."""

BATCHES = 106
"""In each. A few of what is sent in direct messages Discord turns away, and that is not counted."""

INPUTS = count(5_000, 100_000)


@pytest.mark.soak
def test_no_raw_interaction_breaks_the_bot_or_moves_money(tmp_path: Path) -> None:
    chance, reach, tally = dice("fuzz"), Reach(), Counter[str]()
    began, cpu, slowest_s = time.monotonic(), time.process_time(), 0.0
    for number in range(WORLDS):
        with asyncio.Runner() as runner:
            opened = open_world(tmp_path / str(number))
            world = runner.run(opened.__aenter__())
            try:
                _fuzz(runner, world, reach, chance.getrandbits(64))
            finally:
                runner.run(opened.__aexit__(None, None, None))
            tally += world.tally
            slowest_s = max(slowest_s, world.slowest_s)
    inputs = sum(tally[f"type {kind}"] for kind in (2, 3, 4, 5))
    took = f"{time.monotonic() - began:.1f} s, {time.process_time() - cpu:.1f} s of CPU"
    print(f"{inputs} inputs, {dict(tally)} in {took}; the slowest acknowledgement {slowest_s:.3f} s")
    assert inputs >= INPUTS
    assert reach.missing(world.listed) == []


def _fuzz(runner: asyncio.Runner, world: World, reach: Reach, chance: int) -> None:
    forger, batches = Forger(world.listed, world.known), numbers()
    aims = forger.aims()
    anything = st.lists(forger.anything(), min_size=BATCH, max_size=BATCH)

    def send(batch: Sequence[Input]) -> None:
        place = {7: "after-dark", 8: "direct"}.get(next(batches) % 10, "dailies")
        for one in runner.run(world.send(list(batch), place=place)):
            reach.count(one)

    for first in range(0, len(aims), BATCH):
        _drawn(st.tuples(*aims[first : first + BATCH]), AIMED, chance + first, send)
    _drawn(anything, BATCHES - next(batches), chance + len(aims), send)


def _drawn(
    batches: st.SearchStrategy[Sequence[Input]],
    examples: int,
    chance: int,
    send: Callable[[Sequence[Input]], None],
) -> None:
    @seed(chance)
    @settings(max_examples=examples, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(batches)
    def sent(batch: Sequence[Input]) -> None:
        send(batch)

    sent()
