"""What an operator changes from the shell, with the bot running and without; and whom it lets spend."""

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from bot.checks import private_files
from bot.domain import Micros, OfferId, Quote
from bot.errors import BudgetExceeded, DataFolderInUse, PaidNotEnabled, StorageError
from bot.operating.control import SOCKET, AdmitGuild, Change, Control, DismissGuild, change
from storage import guilds
from storage.database import Database, open_database
from storage.lock import FolderLock
from tests.props import ANN, ANN_ELSEWHERE, SHORTEST_MICROS, Clock, Desk, asked

PAID = OfferId("somebody/reel")


def paid(micros: int = SHORTEST_MICROS) -> Quote:
    return Quote(offer_id=PAID, price_micros=Micros(micros), per_second_micros=Micros(micros // 4))


async def test_a_change_is_made_where_no_bot_runs(tmp_path: Path, clock: Clock) -> None:
    said = await change(tmp_path, AdmitGuild(guild_id=7, ceiling_monthly_micros=25_000_000), now=clock)

    assert said == "server 7 may spend $25.00 a month at paid providers"
    database = await open_database(tmp_path / "dailies.db")
    [admitted] = await database.read(guilds.admitted)
    assert (admitted.guild_id, admitted.ceiling_monthly_micros) == (ANN.guild_id, 25_000_000)
    await database.close()


async def test_a_data_folder_that_a_change_makes_is_its_owners_alone(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "data"

    await change(folder, AdmitGuild(guild_id=7, ceiling_monthly_micros=5_000_000), now=clock)

    assert list(private_files.data(folder, folder / "backups")) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_running_bot_makes_the_change_itself(tmp_path: Path, clock: Clock) -> None:
    with FolderLock(tmp_path):
        database = await open_database(tmp_path / "dailies.db")
        control = Control(tmp_path, database, now=clock)
        await control.start()

        await change(tmp_path, AdmitGuild(guild_id=7, ceiling_monthly_micros=5), now=clock)
        said = await change(tmp_path, DismissGuild(guild_id=7), now=clock)
        again = await change(tmp_path, DismissGuild(guild_id=7), now=clock)

        assert said == "server 7 may spend nothing from now on"
        assert again == "server 7 was not admitted"
        assert (tmp_path / SOCKET).stat().st_mode & 0o077 == 0
        await control.close()
        await database.close()


async def test_a_change_that_is_made_is_not_called_refused_whoever_cannot_be_told(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def cannot(made: Change) -> None:
        raise StorageError(f"nobody reads {made.change}")

    with FolderLock(tmp_path):
        database = await open_database(tmp_path / "dailies.db")
        control = Control(tmp_path, database, now=clock, changed=cannot)
        await control.start()

        said = await change(tmp_path, AdmitGuild(guild_id=7, ceiling_monthly_micros=5), now=clock)
        admitted = await database.read(guilds.admitted)

        await control.close()
        await database.close()
    assert said == "server 7 may spend $0.000005 a month at paid providers"
    assert len(admitted) == 1
    assert [vars(record)["code"] for record in caplog.records] == ["change_untold"]


async def test_what_is_no_change_is_refused_and_changes_nothing(tmp_path: Path, clock: Clock) -> None:
    database = await open_database(tmp_path / "dailies.db")
    control = Control(tmp_path, database, now=clock)
    await control.start()

    for line in (
        b"",
        b"not json",
        b'{"change": "drop_all"}',
        b'{"change": "admit_guild", "guild_id": 7}',
        b'{"change": "admit_guild", "guild_id": 7, "ceiling_monthly_micros": -1}',
        b'{"change": "admit_guild", "guild_id": 7, "ceiling_monthly_micros": 1, "more": 2}',
    ):
        descriptor = os.open(tmp_path, os.O_RDONLY)
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}/{SOCKET}")
        os.close(descriptor)
        writer.write(line + b"\n")
        assert "refused" in json.loads(await reader.readline())
        writer.close()
    assert await database.read(guilds.admitted) == []
    await control.close()
    await database.close()


async def test_a_process_that_holds_the_folder_and_does_not_listen_is_named(
    tmp_path: Path, clock: Clock
) -> None:
    with FolderLock(tmp_path), pytest.raises(DataFolderInUse, match=str(os.getpid())):
        await change(tmp_path, DismissGuild(guild_id=7), now=clock)


async def test_a_dead_process_leaves_no_socket_that_matters(tmp_path: Path, clock: Clock) -> None:
    database = await open_database(tmp_path / "dailies.db")
    control = Control(tmp_path, database, now=clock)
    await control.start()
    await control.close()
    (tmp_path / SOCKET).touch()
    await database.close()

    with pytest.raises((StorageError, OSError)):
        raise StorageError(await change(tmp_path, DismissGuild(guild_id=7), now=clock))


async def test_a_server_that_is_not_admitted_spends_nothing_at_paid_providers(
    database: Database, clock: Clock
) -> None:
    desk = Desk(database, clock)
    order, _, _ = await desk.price(asked(ANN))

    with pytest.raises(PaidNotEnabled) as refused:
        await desk.orders.place(order, paid())

    assert refused.value.sentence == (
        "This server is not admitted to models that cost money. Nothing was charged. "
        "Choose a free model, or ask whoever runs this bot to admit it."
    )
    await desk.place(asked(ANN))  # the studio's play money needs no admission


async def test_a_servers_ceiling_holds_for_all_its_members_and_for_it_alone(
    database: Database, clock: Clock
) -> None:
    await database.write(
        lambda tx: guilds.admit(tx, ANN.guild_id, Micros(3 * SHORTEST_MICROS - 1), at=clock())
    )
    desk = Desk(database, clock)

    async def place(member: object, interaction_id: int) -> object:
        order, _, _ = await desk.price(asked(member, interaction_id=interaction_id))  # type: ignore[arg-type]  # any member
        return await desk.orders.place(order, paid())

    done = await asyncio.gather(*(place(ANN, 900 + n) for n in range(20)), return_exceptions=True)

    refusals = [one for one in done if isinstance(one, BudgetExceeded)]
    assert len(done) - len(refusals) == 2
    assert {one.short_micros for one in refusals} == {1}
    assert "until <t:1796083200:f>" in str(refusals[0])  # 1 December
    with pytest.raises(PaidNotEnabled):
        await place(ANN_ELSEWHERE, 990)


async def test_a_ceiling_below_what_is_spent_breaks_nothing_and_sells_nothing(
    database: Database, clock: Clock
) -> None:
    await database.write(lambda tx: guilds.admit(tx, ANN.guild_id, Micros(10**9), at=clock()))
    desk = Desk(database, clock)
    order, _, _ = await desk.price(asked(ANN))
    await desk.orders.place(order, paid())

    await database.write(lambda tx: guilds.admit(tx, ANN.guild_id, Micros(1), at=clock()))

    again, _, _ = await desk.price(asked(ANN))
    with pytest.raises(BudgetExceeded):
        await desk.orders.place(again, paid(1))
