"""How long the lists of words take for a prompt: ordinary ones, and 4,000 characters made to be slow.

    python -m tests.bench.screening

Processor time of one thread, so that a busy machine changes little; the list is our own with 2,000 random
words beside it, as a server's and an operator's lists would be together.
"""

import json
import random
import time
from pathlib import Path

from bot.screening.rulebook import Rulebook
from bot.screening.rules import read
from bot.screening.word_lists import own_rules

CHARS = 4_000
ROUNDS = 10

HOSTILE = {
    "a word of the list, again and again": "gore ",
    "nearly a word": "slti silt ",
    "set apart": "g o r x ",
    "digits for letters": "ki1t g0r ",
    "signs for letters": "$ e y ! ",
    "one letter": "a",
    "one letter, set apart": "a ",
    "marks, and letters of other scripts": "g\u0300\u043e\u200br\u20e3\uff45 ",
    "Cyrillic": "\u043a\u043e\u0442\u0435 ",
    "within words": "g.o-r_e,",
    "short words spelled out": "t i t i ",
    "Japanese": "\u30b0\u30ed\u52d5\u753b",
    "mathematical letters": "\U0001d58c\U0001d594\U0001d597\U0001d58a ",
}


def spent_ms(book: Rulebook, prompt: str) -> float:
    began = time.process_time()
    book.look(prompt)
    return (time.process_time() - began) * 1_000


def shown(name: str, times: list[float]) -> None:
    times.sort()
    middle, late = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
    print(f"screening, {name}: p50 {middle:6.2f} ms   p99 {late:6.2f} ms   most {times[-1]:6.2f} ms")


def report() -> None:
    """Print how long a prompt takes, of each kind."""
    rng = random.Random(1)
    more = ["".join(rng.choices("abcdeghilorstu", k=rng.randint(4, 9))) for _ in range(2_000)]
    book = Rulebook([*own_rules(), *read([*more, "silt", "tit"])])
    rows = Path(__file__).parent.parent.joinpath("data", "prompts.jsonl").read_text("utf-8").splitlines()
    prompts = [json.loads(row)["prompt"] for row in rows]
    shown("ordinary prompts", [spent_ms(book, prompt) for _ in range(5) for prompt in prompts])
    every = []
    for name, piece in HOSTILE.items():
        prompt = (piece * CHARS)[:CHARS]
        times = [spent_ms(book, prompt) for _ in range(ROUNDS)]
        every += times
        shown(name, times)
    rolled = []
    for _ in range(200):
        letters = "abeghilorstu1!$ .-\u043e\u0435\u200b\u0301"
        rolled.append(spent_ms(book, "".join(rng.choices(letters, k=CHARS))))
    shown("letters, signs and marks at random", rolled)
    shown("all that is hostile", [*every, *rolled])


if __name__ == "__main__":
    report()
