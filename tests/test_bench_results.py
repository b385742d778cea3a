"""How measurements are kept and compared."""

import io
from pathlib import Path

from tests.bench import results
from tests.bench.results import Results, compare, loaded, numbers, worse

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
    assert (tmp_path / "latest.txt").read_text("utf-8").splitlines()[-1] == "a: 30 ms"
    assert (tmp_path / "latest.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_printed_is_kept_and_still_seen() -> None:
    out = io.StringIO()
    tee = results.Tee(out)

    print("a line", file=tee)

    assert tee.text == out.getvalue() == "a line\n"
