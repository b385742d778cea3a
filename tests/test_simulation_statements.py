"""What the simulator's worlds ask of SQLite: nothing that grows with the jobs that there ever were."""

import sqlite3
from collections.abc import Callable, Iterator

from tests.new_books import new_book
from tests.simulation.drama import Drama, world_of
from tests.simulation.faults import draw
from tests.simulation.runs import scene
from tests.simulation.world import World


def _said(seeds: range) -> set[str]:
    """Every statement that these worlds' processes make, each kind once."""
    said: dict[str, str] = {}

    def note(statement: str) -> None:
        said.setdefault("".join(each for each in statement if not each.isdigit()), statement)

    with scene() as made:
        for seed in seeds:
            world = world_of(made, draw(seed))
            _listened_to(world, note)
            Drama(world, draw(seed)).run()
            world.end()
    return set(said.values())


def _listened_to(world: World, note: Callable[[str], None]) -> None:
    def before(work: object) -> None:
        del work
        world.connection.set_trace_callback(note)

    def after(work: object) -> None:
        del work
        world.connection.set_trace_callback(None)

    world.before_work, world.after_work = before, after


def _scans(book: sqlite3.Connection, statement: str) -> Iterator[str]:
    """The tables that a statement reads whole. One by an index is read as far as that goes."""
    steps = [str(row["detail"]) for row in book.execute(f"EXPLAIN QUERY PLAN {statement}")]
    is_bounded = "LIMIT" in statement and not any("TEMP B-TREE" in step for step in steps)
    for step in steps:
        if step.startswith("SCAN") and "USING" not in step and not is_bounded:
            yield step


def test_no_step_of_any_life_reads_a_table_whole() -> None:
    statements = [
        statement
        for statement in _said(range(30))
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}
    ]

    book = new_book()
    found = {scan: statement for statement in statements for scan in _scans(book, statement)}

    assert len(statements) > 100
    assert found == {}
