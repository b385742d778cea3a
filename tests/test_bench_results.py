"""How measurements are kept and compared."""

import io
import sys
from dataclasses import replace
from pathlib import Path

from tests.bench.results import Results, Took, compare, loaded, numbers, worse
from tests.bench.running import measured

ORDERS = "orders, ours  100 callers:  10,615/s  p50     8.90 ms  p99    15.00 ms"


def run(*lines: str, at: str = "2026-11-21T12:00:00+00:00") -> Results:
    return Results(at=at, machine="one", parts={"orders": list(lines)})


def test_a_line_is_known_by_its_words_whatever_its_numbers() -> None:
    name, found = numbers(ORDERS)
    other, _ = numbers(ORDERS.replace("10,615", "9").replace("15.00", "1.00"))

    assert found == [(10_615.0, "/s"), (8.9, "ms"), (15.0, "ms")]
    assert name == other
    assert numbers(ORDERS.replace("100 callers", "10 callers"))[0] != name


def test_what_got_slower_or_less_is_said_and_what_got_better_is_not() -> None:
    old = run(ORDERS, "memory, idle: 75 MiB", "gone: 3 ms")
    new = run(
        ORDERS.replace("10,615", "5,000").replace("15.00", "10.00"), "memory, idle: 100 MiB", "new: 9 ms"
    )

    said = worse(old, new)

    assert [line.split(":")[0] for line in said] == ["2.12 times worse", "1.33 times worse"]
    assert "10615 /s was, 5000 /s is" in said[0]
    assert worse(old, old) == []


def test_runs_are_kept_and_the_two_newest_compared(tmp_path: Path) -> None:
    said = io.StringIO()
    assert compare(tmp_path, said) == 2

    run("a: 10 ms").save(tmp_path)
    kept = run("a: 30 ms", at="2026-11-21T13:00:00+00:00").save(tmp_path)

    assert loaded(kept).lines() == ["a: 30 ms"]
    assert compare(tmp_path, said) == 1
    assert "3.00 times worse" in said.getvalue()
    assert "a: 30 ms" in (tmp_path / "latest.txt").read_text("utf-8").splitlines()
    assert (tmp_path / "latest.png").read_bytes().startswith(b"\x89PNG")


PART = """
import sys
print("part", sys.argv[1], flush=True)
sum(range(3_000_000))
sys.exit(sys.argv[1] == "broken")
"""


def test_each_part_is_a_process_of_its_own_that_says_how_long_it_took() -> None:
    out = io.StringIO()

    run, broken = measured(["one", "broken", "last"], (sys.executable, "-c", PART), out)

    assert run.parts == {"one": ["part one"], "broken": ["part broken"], "last": ["part last"]}
    assert broken == ["broken"]
    assert all(0.01 < took.cpu_s <= 2 * took.seconds for took in run.took.values())
    assert run.whole.cpu_s == sum(took.cpu_s for took in run.took.values())
    assert out.getvalue().splitlines()[:2] == ["part one", f"-- one: {run.took['one']}"]
    assert out.getvalue().splitlines()[-1] == f"-- all: {run.whole}"


def test_a_run_that_takes_too_long_says_so() -> None:
    late, soon = io.StringIO(), io.StringIO()

    measured(["one"], (sys.executable, "-c", PART), late, within_s=0)
    measured(["one"], (sys.executable, "-c", PART), soon, within_s=1_000)

    assert late.getvalue().splitlines()[-1].endswith(", more than 0 s")
    assert "more than" not in soon.getvalue()


def test_how_long_it_took_is_kept_with_the_run_and_not_compared(tmp_path: Path) -> None:
    kept = replace(run("a: 10 ms"), took={"orders": Took(20.0, 31.5)}).save(tmp_path)

    assert loaded(kept).took == {"orders": Took(20.0, 31.5)}
    assert "-- orders: 20.0 s, 31.5 s of a core" in (tmp_path / "latest.txt").read_text("utf-8")
    assert worse(replace(loaded(kept), took={"orders": Took(1.0, 1.0)}), loaded(kept)) == []
