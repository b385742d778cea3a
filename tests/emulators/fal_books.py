"""The books of an emulated fal: every job that it ever took, what it asked for, and what became of it."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.emulators.fal_models import MODELS, detail, wrong

FLAGGED = "The content could not be processed because it contained material flagged by a content checker."


@dataclass(slots=True, kw_only=True)
class EmulatedJob:
    """One job. `billed_micros` is what it cost in the end, whoever knows of it.

    `failure` is the status of its result where it failed, `kept` whether its clip can be remixed.
    """

    id: str
    endpoint: str
    input: dict[str, object]
    webhook: str | None = None
    status: str = "IN_QUEUE"
    position: int = 0
    asks: int = 0
    billed_micros: int = 0
    units: str | None = None
    made_id: str = ""
    kept: bool = False
    failure: int | None = None
    error: dict[str, object] = field(default_factory=dict)
    error_type: str = ""
    error_in_status: bool = True
    deleted: bool = False

    @property
    def app(self) -> str:
        """What a job's addresses name: the endpoint without its sub-path."""
        return "/".join(self.endpoint.split("/")[:2])


class FalBooks:
    """Jobs by their ids.

    Args:
        path: where to keep them, and to read them from; None keeps them in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.jobs: dict[str, EmulatedJob] = {}
        self.blocked_words: set[str] = set()
        self._path = path
        if path is not None and path.exists():
            self.jobs = {row["id"]: EmulatedJob(**row) for row in json.loads(path.read_text())}

    @property
    def billed_micros(self) -> int:
        return sum(job.billed_micros for job in self.jobs.values())

    def take(self, endpoint: str, asked: dict[str, object], webhook: str | None) -> EmulatedJob:
        job = EmulatedJob(id=str(uuid.uuid4()), endpoint=endpoint, input=asked, webhook=webhook)
        self.jobs[job.id] = job
        self._keep()
        return job

    def begin(self, job_id: str) -> None:
        """A machine is at work on it."""
        self.jobs[job_id].status = "IN_PROGRESS"
        self._keep()

    def finish(self, job_id: str, files: Iterable[str] = ()) -> None:
        """Run it to its end, whichever that is for its input; `files` are the addresses that can be read."""
        job = self.jobs[job_id]
        model = MODELS[job.endpoint]
        details = wrong(model, job.input) or self._unreadable(job, frozenset(files))
        if any(word in str(job.input.get("prompt", "")) for word in self.blocked_words):
            details = [detail("prompt", "content_policy_violation", FLAGGED)]
        if details:
            self.fail(job_id, 422, {"detail": details}, kind=str(details[0]["type"]))
            return
        job.status = "COMPLETED"
        units = model.units(job.input) if model.units else Decimal(0)
        job.units = str(units)
        job.billed_micros = int(units * Decimal(model.usd) * 1_000_000)
        job.made_id = f"{'video' if model.units else 'char'}_{uuid.uuid4().hex}"
        job.kept = job.input.get("delete_video") is False
        self._keep()

    def fail(
        self,
        job_id: str,
        status: int,
        body: dict[str, object],
        *,
        kind: str = "",
        units: str | None = None,
        in_status: bool = True,
    ) -> None:
        """It ends without a clip: `body` is its result and `kind` its type, which older apps do not tell."""
        job = self.jobs[job_id]
        job.status, job.failure, job.error, job.error_type = "COMPLETED", status, body, kind
        job.units, job.error_in_status = units, in_status
        self._keep()

    def forget(self, job_id: str) -> None:
        """From now on nobody knows of this job but the books."""
        self.jobs[job_id].deleted = True
        self._keep()

    def made(self, job: EmulatedJob, cdn: str) -> dict[str, object]:
        """The output of a run."""
        if not MODELS[job.endpoint].units:
            return {"id": job.made_id, "name": job.input["name"]}
        files = f"{cdn}/files/{job.id}"
        return {
            "video": {"url": f"{files}/out.mp4", "content_type": "video/mp4", "file_name": "out.mp4"},
            "video_id": job.made_id,
            "thumbnail": {"url": f"{files}/thumbnail.webp"},
            "spritesheet": {"url": f"{files}/spritesheet.jpg"},
        }

    def _unreadable(self, job: EmulatedJob, files: frozenset[str]) -> list[dict[str, object]]:
        """What an input names and nobody has: a file, or a clip to remix."""
        details = []
        for name, value in job.input.items():
            if name.endswith("_url") and not str(value).startswith("data:") and value not in files:
                details.append(detail(name, "file_download_error", "Failed to download the file.", value))
        remixable = {made.made_id for made in self.jobs.values() if made.kept}
        if "video_id" in job.input and job.input["video_id"] not in remixable:
            words = "You can only remix videos that were generated by Sora"
            details.append(detail("video_id", "value_error", words, job.input["video_id"]))
        return details

    def _keep(self) -> None:
        if self._path is None:
            return
        part = self._path.with_name(f"{self._path.name}.part")
        part.write_text(json.dumps([asdict(job) for job in self.jobs.values()]))
        part.replace(self._path)
