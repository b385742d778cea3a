"""What every provider can be asked, and what each of its answers proves.

A submission is one POST. Its outcome is data, sorted by what it proves: `Taken`, `NotTaken` (certainly
not, perhaps later), `Refused` (certainly not, and never will be) or `Unknown` (the provider may have the
job, and bill it). Only the two in the middle allow another submission.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain import Attempt, Fault, Job, Micros, Ticket


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has the job; `ticket` finds it again."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Certainly not taken, and for no fault of the order: another time, or another offer, may do."""

    fault: Fault
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not taken, and asking again would get the same answer."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody here can tell whether the provider has the job. It may be billing us."""

    detail: str


Submission = Taken | NotTaken | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Waiting:
    """In the provider's queue; `position` where the provider says it (0 is next).

    `ask_after_s` is the provider's own word on when to ask again, where it gives one.
    """

    position: int | None = None
    ask_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Rendering:
    """Being made; `percent` is the provider's own number, where it gives one. `ask_after_s` as above."""

    percent: int | None = None
    ask_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """Made and billed.

    `billed_micros` where the provider says what it cost; `expires_at` where it says how long the file can
    be fetched; `provider_id` is its own id of what was made (a clip to remix, a character), where that is
    not the job's.
    """

    billed_micros: Micros | None = None
    expires_at: datetime | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider says that this job will never have a clip.

    `billed_micros` is what it costs all the same; None where neither its answer nor its documents say.
    """

    fault: Fault
    billed_micros: Micros | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The provider says that the job was cancelled. `billed_micros` as above."""

    billed_micros: Micros | None = None


@dataclass(frozen=True, slots=True)
class Vanished:
    """The provider does not know the job of our ticket (any more)."""

    detail: str = ""


Progress = Waiting | Rendering
Answer = Waiting | Rendering | Rendered | Failed | Stopped | Vanished


@dataclass(frozen=True, slots=True)
class Found:
    """The lost submission is at the provider, under this ticket."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class ProvenAbsent:
    """The provider certainly has no such job, and will not have it later."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """No proof either way; ask again, not before the provider's own time, and in the end a person decides."""

    detail: str
    retry_after_s: float | None = None


Search = Found | ProvenAbsent | CannotTell


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole file on our disk, synced, with the SHA-256 of its bytes."""

    size_bytes: int
    sha256: str


class Provider(Protocol):
    """One API that renders, spoken to in its protocol. Made once, shared by all jobs.

    Every method may raise `ProviderUnavailable` or `UnreadableAnswer` but for `submit`, whose every
    outcome is a `Submission`.
    """

    name: str

    can_cancel: bool
    """Whether a running job can be stopped; decides what the Cancel button says."""

    async def submit(self, job: Job, attempt: Attempt) -> Submission:
        """Order the job: one POST on a fresh connection, never repeated here, no redirect followed."""

    async def find(self, job: Job, attempt: Attempt) -> Search:
        """Look for a submission of which we do not know whether it arrived.

        Where the provider takes idempotency keys this sends the same submission with the same key.
        """

    def sends_again(self, job: Job, attempt: Attempt) -> bool:
        """Whether `find` would send the submission again now, which may make the job that it looks for."""

    async def ask(self, ticket: Ticket) -> Answer:
        """How the job stands."""

    async def fetch(self, ticket: Ticket, into: Path, *, bytes_max: int) -> Fetched:
        """Stream the finished file to `into` (replaced if there), synced before this returns.

        Raises:
            AssetGone: the provider no longer has it.
            ClipUnusable: more than `bytes_max`, cut short for good, or no video by its own headers.
        """

    async def cancel(self, ticket: Ticket) -> None:
        """Ask for the job to be stopped. Only a later `ask` says whether it was."""

    async def delete(self, ticket: Ticket) -> None:
        """Remove the provider's own copy of a finished clip; a copy already gone is no error."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How an offer is asked for: our words in the provider's. It comes from the catalogue.

    Args:
        endpoint: the model's name (or path) at the provider.
        sizes: the provider's word for each `(resolution, aspect_ratio)`, where one word says both.
        resolutions, aspect_ratios: the provider's word for each of ours, where they are told apart; what is
            missing is not sent.
        seconds_as: the JSON type of the length: `"string"` ("8"), `"integer"` (8) or `"suffixed"` ("8s").
        fields: the provider's name for a field of ours (`prompt`, `duration`, `resolution`,
            `aspect_ratio`, `picture`, `video`, `characters`, `remixable`, `blocks_ip`), where it is not the
            protocol's usual one; `""` where this endpoint does not take it.
        constants: fields that are sent as they are.
        seed_field: the name of the seed's field, None where the model takes no seed.
        key_field: the name of the idempotency key's field, None where the provider takes none.
        echo_field: the name of an object field (such as `metadata`) that the provider keeps and gives back
            in its list of jobs, None where it has none. It carries the attempt's key.
    """

    endpoint: str
    sizes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    resolutions: Mapping[str, str] = field(default_factory=dict)
    aspect_ratios: Mapping[str, str] = field(default_factory=dict)
    seconds_as: str = "string"
    fields: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    seed_field: str | None = None
    key_field: str | None = None
    echo_field: str | None = None
