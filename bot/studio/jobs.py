"""The studio's jobs: a folder each, which says after a crash what is to be done.

`job.json` is written whole or not at all. An unfinished job is queued again at the next start. A removed one
stays as a tombstone until its day is over, so that its idempotency key goes on to start nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bot.studio.spec import CLIP, PART, SPRITESHEET, THUMBNAIL, Spec

KEPT_FOR = timedelta(days=1)  # after a job has ended; its files and its key go with it
KEPT_MAX = 2000  # ended jobs; then the oldest go first
KEPT_BYTES_MAX = 4_000_000_000  # of their clips
_RECORD = "job.json"
_UNBORN = ".new-"
Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Status(StrEnum):
    """The four of OpenAI's shape, and `cancelled`, which Azure's has too: deleted before it was done."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (Status.QUEUED, Status.IN_PROGRESS)


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    id: str
    number: int  # counts up, so that jobs of one second keep their order
    model: str
    prompt: str
    spec: Spec
    created_at: datetime
    status: Status = Status.QUEUED
    ended_at: datetime | None = None
    remixed_from: str | None = None
    extensions: int = 0
    error: tuple[str, str] | None = None  # code and message
    idempotency_key: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    removed: bool = False
    clip_bytes: int = 0
    frames_done: int = 0  # not written: a render that starts again starts at 0

    @property
    def progress(self) -> int:
        """Whole per cent of the frames that are done; 100 when the clip is there."""
        if self.status is Status.COMPLETED:
            return 100
        return min(99, self.frames_done * 100 // self.spec.frames)


class Jobs:
    def __init__(self, folder: Path, now: Callable[[], datetime], *, kept_max: int = KEPT_MAX) -> None:
        self._folder, self._now, self._kept_max = folder, now, kept_max
        self._jobs: dict[str, Job] = {}
        self._by_key: dict[str, Job] = {}
        self._placing = asyncio.Lock()
        self._numbers = itertools.count(1)
        # One thread does all writing, so that a record is never written by two at once, also when whoever
        # waited for the first one was cancelled.
        self._disk = ThreadPoolExecutor(1, "studio-disk")

    async def load(self) -> list[Job]:
        """Read all jobs from their folders, sweep what a crash left, give the unfinished ones in order."""
        for job in sorted(await self._done(self._read_all), key=lambda job: job.number):
            self._know(job)
        self._numbers = itertools.count(max((job.number for job in self._jobs.values()), default=0) + 1)
        return [job for job in self._jobs.values() if not job.status.ended]

    def folder(self, job: Job) -> Path:
        return self._folder / job.id

    def get(self, job_id: str) -> Job | None:
        """The job, also after it was removed."""
        return self._jobs.get(job_id)

    def by_key(self, key: str) -> Job | None:
        return self._by_key.get(key)

    def all(self) -> list[Job]:
        """All jobs that were not removed, the oldest first."""
        return [job for job in self._jobs.values() if not job.removed]

    async def place(
        self,
        *,
        model: str,
        prompt: str,
        spec: Spec,
        files: Mapping[str, Path],
        remixed_from: str | None = None,
        extensions: int = 0,
        idempotency_key: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> tuple[Job, bool]:
        """Write a new job and copies of its files, durably; True if it is new.

        With a key that was used before it gives the job of that key and writes nothing, also when both come
        at the same moment. OSError when it cannot be written, FileNotFoundError when a file is gone.
        """
        async with self._placing:
            if idempotency_key is not None and (known := self._by_key.get(idempotency_key)) is not None:
                return known, False
            job = Job(
                id=f"video_{secrets.token_hex(12)}",
                number=next(self._numbers),
                model=model,
                prompt=prompt,
                spec=spec,
                created_at=self._now(),
                remixed_from=remixed_from,
                extensions=extensions,
                idempotency_key=idempotency_key,
                metadata=metadata or {},
            )
            await self._done(partial(self._write_new, job, dict(files)))
            self._know(job)
            return job, True

    async def complete(self, job: Job) -> None:
        """The clip is in the job's folder."""
        job.clip_bytes = (await self._done(partial(os.stat, self.folder(job) / CLIP))).st_size
        await self._end(job, Status.COMPLETED)

    async def fail(self, job: Job, code: str, message: str) -> None:
        job.error = (code, message)
        await self._end(job, Status.FAILED)

    async def remove(self, job: Job) -> None:
        """Delete a job's files and leave its tombstone; an unfinished one has been stopped before."""
        job.removed = True
        await self._end(job, job.status if job.status.ended else Status.CANCELLED)
        await self._done(partial(self._sweep, job))

    def abandon(self, job: Job, code: str, message: str) -> None:
        """Say that a job failed without writing it down, because writing is what failed."""
        job.status, job.ended_at, job.error = Status.FAILED, self._now(), (code, message)

    async def expire(self) -> None:
        """Forget jobs that ended long ago, and the oldest ones when there are too many."""
        ended = sorted(
            (job for job in self._jobs.values() if job.ended_at is not None), key=lambda job: -job.number
        )
        total = 0
        for place, job in enumerate(ended):
            total += 0 if job.removed else job.clip_bytes
            old = job.ended_at is not None and job.ended_at + KEPT_FOR <= self._now()
            if old or place >= self._kept_max or total > KEPT_BYTES_MAX:
                self._jobs.pop(job.id, None)
                if job.idempotency_key is not None:
                    self._by_key.pop(job.idempotency_key, None)
                await self._done(partial(shutil.rmtree, self.folder(job), ignore_errors=True))

    async def close(self) -> None:
        """Finish what is being written."""
        await asyncio.to_thread(self._disk.shutdown)

    async def _end(self, job: Job, status: Status) -> None:
        ended_at = job.ended_at or self._now()
        # Written first: nobody is told of an end that a crash could take back.
        await self._done(partial(self._write, job, _body_of(job, status, ended_at)))
        job.status, job.ended_at = status, ended_at

    async def _done(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    def _know(self, job: Job) -> None:
        self._jobs[job.id] = job
        if job.idempotency_key is not None:
            self._by_key[job.idempotency_key] = job

    def _read_all(self) -> list[Job]:
        self._folder.mkdir(parents=True, exist_ok=True)
        jobs = []
        for folder in self._folder.iterdir():
            if folder.name.startswith(_UNBORN):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            if not (folder / _RECORD).is_file():
                continue
            try:
                job = _job_of(json.loads((folder / _RECORD).read_text(encoding="utf-8")))
            except (ValueError, KeyError, TypeError) as error:
                _log.error("%s is no record of a job and is passed over: %r", folder / _RECORD, error)
                continue
            self._sweep(job)
            jobs.append(job)
        return jobs

    def _sweep(self, job: Job) -> None:
        """Delete half-written files, and all but the record of a removed job."""
        for path in self.folder(job).iterdir():
            if (
                path.name.endswith(PART)
                or (job.removed and path.name != _RECORD)
                or (not job.status.ended and path.name in (CLIP, THUMBNAIL, SPRITESHEET))
            ):
                path.unlink(missing_ok=True)

    def _write_new(self, job: Job, files: dict[str, Path]) -> None:
        unborn = self._folder / (_UNBORN + job.id)
        unborn.mkdir(parents=True)
        try:
            for name, source in files.items():
                shutil.copyfile(source, unborn / name)
                _sync(unborn / name)
            _write_whole(unborn / _RECORD, _body_of(job, job.status, None))
            unborn.rename(self.folder(job))
        except OSError:
            shutil.rmtree(unborn, ignore_errors=True)
            raise
        _sync(self._folder)

    def _write(self, job: Job, body: dict[str, Any]) -> None:
        _write_whole(self.folder(job) / _RECORD, body)


def _write_whole(path: Path, body: dict[str, Any]) -> None:
    part = path.with_name(path.name + PART)
    with part.open("w", encoding="utf-8") as file:
        json.dump(body, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _body_of(job: Job, status: Status, ended_at: datetime | None) -> dict[str, Any]:
    return {
        "id": job.id,
        "number": job.number,
        "model": job.model,
        "prompt": job.prompt,
        "spec": job.spec.to_json(),
        "created_at": job.created_at.isoformat(),
        "status": status,
        "ended_at": ended_at.isoformat() if ended_at else None,
        "remixed_from": job.remixed_from,
        "extensions": job.extensions,
        "error": job.error,
        "idempotency_key": job.idempotency_key,
        "metadata": job.metadata,
        "removed": job.removed,
        "clip_bytes": job.clip_bytes,
    }


def _job_of(body: dict[str, Any]) -> Job:
    ended_at, error = body.pop("ended_at"), body.pop("error")
    return Job(
        spec=Spec.from_json(body.pop("spec")),
        created_at=datetime.fromisoformat(body.pop("created_at")),
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
        status=Status(body.pop("status")),
        error=tuple(error) if error else None,
        **body,
    )
