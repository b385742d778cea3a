"""A bound on how often the bot identifies itself at Discord, over all its starts.

Discord allows 1,000 identifies in 24 hours, then ends all sessions and resets the token, which takes a person
to mend (Discord's gateway documentation, "Identifying"). A bot that starts, dies and is started again gets
there by itself, so it stops long before.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.errors import TooManyIdentifies
from storage import identifies
from storage.database import Database

BOUNDS: tuple[tuple[int, timedelta], ...] = ((10, timedelta(minutes=10)), (300, timedelta(hours=24)))
"""So many within so long. An hour of Discord's own trouble is some twenty; a loop of crashes is thousands."""


class Identifies:
    """Counts them in rows, since each may be another process's."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        bounds: Sequence[tuple[int, timedelta]] = BOUNDS,
    ) -> None:
        self._database = database
        self._now = now
        self._bounds = bounds

    async def one_more(self) -> None:
        """Note that one follows.

        Raises:
            TooManyIdentifies: none should.
        """
        await self._database.write(self._note)

    def _note(self, tx: sqlite3.Connection) -> None:
        at = self._now()
        for most, within in self._bounds:
            if (found := identifies.since(tx, at - within)) >= most:
                raise TooManyIdentifies(
                    f"the bot has identified itself at Discord {found} times within {within}, which is "
                    "no way to run: Discord resets the token of a bot that goes on so. Look into the log for "
                    "why it lost its session or was started again, mend that, and start it later"
                )
        identifies.note(tx, at=at, forget_before=at - max(within for _, within in self._bounds))
