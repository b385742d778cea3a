"""Commands of the shell that change something, many processes at once, beside a running bot and without one.

Each either does its change, once, or says that the folder is in use; the book is whole after it.
"""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.domain import GuildId, Micros
from storage import budgets, ledger, stops
from storage.database import open_database, open_for_reading
from storage.stops import Stop
from tests.household import household

COMMANDS = 24 if os.environ.get("DAILIES_SOAK") else 3
GUILD = 4711
OURS = {name: value for name, value in os.environ.items() if not name.startswith("DAILIES_")}


async def dailies(data_dir: Path, *arguments: str) -> tuple[int, str]:
    """Run a command with no setting but the data folder; its exit code, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments, "--env-file", os.devnull),
        env=OURS | {"DAILIES_DATA_DIR": str(data_dir)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def admit_at_once(data_dir: Path) -> list[int]:
    """Name as many ceilings as there are processes; the dollars of those that said it is done."""
    wanted = range(1, COMMANDS + 1)
    answers = await asyncio.gather(
        *(dailies(data_dir, "guilds", "admit", str(GUILD), str(usd)) for usd in wanted)
    )
    done = []
    for usd, (code, said) in zip(wanted, answers, strict=True):
        if code == 0:
            assert f"server {GUILD} may spend ${usd}.00 a month" in said
            done.append(usd)
        else:
            assert code == 1
            assert "in use by process" in said
            assert "Traceback" not in said
    return done


def written(data_dir: Path) -> tuple[list[int], int]:
    """The ceilings on record of the guild in dollars, the newest last; and how much the book is wrong."""
    connection = open_for_reading(data_dir / "dailies.db")
    try:
        changes = budgets.changes(connection, GuildId(GUILD), newest=1_000)
        named = [int(change.now or "0") // 1_000_000 for change in reversed(changes)]
        return named, len(ledger.verify(connection))
    finally:
        connection.close()


async def stopped(data_dir: Path) -> None:
    """Spending was stopped by the breaker."""
    database = await open_database(data_dir / "dailies.db")
    wanted = Stop(
        stopped_at=datetime.now(UTC), spent_micros=Micros(9), limit_micros=Micros(1), usual_micros=Micros(1)
    )
    await database.write(partial(stops.stop, wanted=wanted))
    await database.close()


async def resume_at_once(data_dir: Path) -> Counter[str]:
    """Let as many processes as there are end the stop; what they said, by how often."""
    answers = await asyncio.gather(*(dailies(data_dir, "resume", "spending") for _ in range(COMMANDS)))
    said: Counter[str] = Counter()
    for code, text in answers:
        in_use = "in use by process" in text
        assert code == (1 if in_use else 0), text
        said["in use" if in_use else text.strip().splitlines()[-1]] += 1
    return said


async def test_commands_without_a_bot_are_done_once_or_say_that_the_folder_is_in_use(tmp_path: Path) -> None:
    done = await admit_at_once(tmp_path)

    named, differences = await asyncio.to_thread(written, tmp_path)
    assert done
    assert sorted(named) == done
    assert differences == 0


async def test_one_stop_is_ended_by_one_of_many_processes(tmp_path: Path) -> None:
    await stopped(tmp_path)

    said = await resume_at_once(tmp_path)

    assert said["paid orders go on"] == 1
    assert set(said) <= {"paid orders go on", "paid orders were not stopped", "in use"}


async def test_commands_beside_a_running_bot_are_all_done_by_it_each_once(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await stopped(house.data_dir)
        await house.start()

        done, said = await asyncio.gather(admit_at_once(house.data_dir), resume_at_once(house.data_dir))
        named, differences = await asyncio.to_thread(written, house.data_dir)

        assert done == list(range(1, COMMANDS + 1))
        assert sorted(named) == done
        assert said["paid orders go on"] == 1
        assert said["paid orders were not stopped"] == COMMANDS - 1
        assert differences == 0
