"""The rows of jobs that are due together, read in one hop to the connection's thread."""

import asyncio
from functools import partial

from bot.domain import JobId
from storage import questions
from storage.database import Database
from storage.questions import Look


class Looks:
    """Whatever is wanted while the last reading is under way is read together with the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted: list[tuple[JobId, asyncio.Future[Look]]] = []
        self._reader: asyncio.Task[None] | None = None

    async def at(self, job_id: JobId) -> Look:
        """A job as it stands in the rows now: as a question where it runs, else the whole of it."""
        answer: asyncio.Future[Look] = asyncio.get_running_loop().create_future()
        self._wanted.append((job_id, answer))
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="looks")
        return await answer

    async def _read(self) -> None:
        try:
            while self._wanted:
                batch, self._wanted = self._wanted, []
                await self._read_together(batch)
        finally:
            self._reader = None
            for _, answer in self._wanted:  # only when this task was cancelled: nobody would come for them
                answer.cancel()
            self._wanted.clear()

    async def _read_together(self, batch: list[tuple[JobId, asyncio.Future[Look]]]) -> None:
        try:
            found = await self._database.read(
                partial(questions.looks, job_ids=[job_id for job_id, _ in batch])
            )
        except Exception as fault:  # noqa: BLE001 - each is read alone, so that one row's fault sinks no other
            if len(batch) > 1:
                for each in batch:
                    await self._read_together([each])
            elif not batch[0][1].done():
                batch[0][1].set_exception(fault)
            return
        for (_, answer), look in zip(batch, found, strict=True):
            if not answer.done():  # its step was cancelled
                answer.set_result(look)
