"""The nouns of Dailies, the states of a job and the moves between them. Read first: one word, one meaning.

Times are aware UTC datetimes and end in `_at`; money is an `int` of micro-dollars and ends in `_micros`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NewType

Micros = NewType("Micros", int)
"""US dollars times 1,000,000."""

NOTHING_MICROS = Micros(0)

JobId = NewType("JobId", str)
"""At most 20 ASCII characters, so that a purpose letter and the id fit Discord's nonce (25)."""

HoldId = NewType("HoldId", int)
UserId = NewType("UserId", int)
GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
InteractionId = NewType("InteractionId", int)
OfferId = NewType("OfferId", str)
"""`provider/model`, as in the catalogue; written on the job, so that history outlives a model."""

NOWHERE = GuildId(0)
"""In place of a server: direct messages, and servers that the bot is no member of."""

NO_CHANNEL = ChannelId(0)
"""In place of the channel of an order whose answer alone can show anything: the bot may not post there."""

STUDIO = "studio"
"""The name of our own renderer among the providers; nobody bills for it."""

TAKES_MAX = 4

PROMPT_CHARS_MAX = 4_000
"""Of every prompt, everywhere: what a form's text field can hold."""


class Kind(StrEnum):
    """What an order makes a clip from."""

    GENERATE = "generate"
    ANIMATE = "animate"
    REMIX = "remix"
    EXTEND = "extend"
    CHARACTER = "character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A Discord user in one guild (or `NOWHERE`); the one who asks."""

    guild_id: GuildId
    user_id: UserId

    @property
    def in_server(self) -> bool:
        """Whether there are others beside them, with channels, managers and moderators."""
        return self.guild_id != NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The picture or clip that an order starts from: a file of ours, never an address that somebody typed.

    `path` is relative to the data folder, which may be moved; whoever opens the file joins the two.
    `provider_video_id` is set where the order's own provider made the clip and still has it.
    """

    path: Path
    media_type: str
    width: int
    height: int
    provider_video_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a member asks for, checked against the catalogue: every field is something the model can do.

    `takes` is how many clips are wanted, each a job of its own. `source_job_id` is the job of the clip that
    it was made from, also where only its last frame was. `characters` are the provider's ids of them.
    `remixable` asks the provider to keep its copy, where it can be remixed only so; `blocks_ip` asks it to
    refuse what it knows to be somebody's property. A `draft` is the model's lowest price, to be made final
    later; a `private` clip is shown to its member alone; `spoiler` hides it until it is clicked.
    `parent_id` is the channel that `channel_id` is a thread of; `locale` is Discord's name of the member's
    language, for what they alone read.
    """

    kind: Kind
    member: Member
    channel_id: ChannelId
    interaction_id: InteractionId
    prompt: str
    model: str
    resolution: str
    aspect_ratio: str
    duration_s: int
    seed: int | None = None
    takes: int = 1
    source: Source | None = None
    source_job_id: JobId | None = None
    characters: tuple[str, ...] = ()
    remixable: bool = False
    blocks_ip: bool = False
    draft: bool = False
    private: bool = False
    spoiler: bool = False
    parent_id: ChannelId | None = None
    locale: str | None = None

    @property
    def counted_in(self) -> ChannelId:
        """The channel whose budget holds: of a thread (or a post in a forum) its channel's."""
        return self.parent_id or self.channel_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The price of one take of an order, at which it is admitted, and where that comes from.

    The offer may change on the way, the price never.
    """

    offer_id: OfferId
    price_micros: Micros
    per_second_micros: Micros

    @property
    def provider(self) -> str:
        """The name of the provider at which the order would be placed."""
        return self.offer_id.partition("/")[0]

    @property
    def costs_money(self) -> bool:
        """Whether somebody would bill us: a price of the studio is play money."""
        return self.price_micros > 0 and self.provider != STUDIO


class JobState(StrEnum):
    """Where a job is on its way to one clip. `MOVES` says which way it may go."""

    REVIEW = "review"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCERTAIN = "uncertain"
    RUNNING = "running"
    RENDERED = "rendered"
    STORED = "stored"
    WITHHELD = "withheld"
    UNDELIVERABLE = "undeliverable"
    POSTED = "posted"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_S = JobState
MOVES: Mapping[JobState, frozenset[JobState]] = {
    _S.REVIEW: frozenset({_S.QUEUED, _S.REJECTED, _S.CANCELLED}),
    _S.QUEUED: frozenset({_S.SUBMITTING, _S.CANCELLED, _S.FAILED}),
    _S.SUBMITTING: frozenset({_S.RUNNING, _S.QUEUED, _S.FAILED, _S.UNCERTAIN}),
    _S.UNCERTAIN: frozenset({_S.RUNNING, _S.QUEUED, _S.FAILED}),
    _S.RUNNING: frozenset({_S.RENDERED, _S.FAILED, _S.CANCELLED, _S.UNCERTAIN}),
    _S.RENDERED: frozenset({_S.STORED, _S.FAILED}),
    _S.STORED: frozenset({_S.WITHHELD, _S.POSTED, _S.UNDELIVERABLE}),
    _S.WITHHELD: frozenset({_S.STORED, _S.REJECTED, _S.CANCELLED}),
    _S.UNDELIVERABLE: frozenset({_S.POSTED}),
    _S.POSTED: frozenset(),
    _S.FAILED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""The arrows between the states; the schema holds the same table and refuses any other move."""

ENDED: frozenset[JobState] = frozenset(state for state, to in MOVES.items() if not to)
"""From here a job goes nowhere."""

RESTING: frozenset[JobState] = ENDED | {_S.REVIEW, _S.WITHHELD, _S.UNDELIVERABLE}
"""Here the worker has nothing to do: the job has ended, or it waits for a person."""


class FaultKind(StrEnum):
    """Whose matter a failure is; decides the sentence that the member reads."""

    PROMPT = "prompt"
    PICTURE = "picture"
    LIKENESS = "likeness"
    RULES = "rules"
    MEMBER_BUDGET = "member_budget"
    SERVER_BUDGET = "server_budget"
    PROVIDER = "provider"
    PERMISSIONS = "permissions"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something failed: `code` is stable and for the log, `detail` is for the operator alone."""

    kind: FaultKind
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a provider gave back for a submitted job. Its `urls` are those that must be used as given."""

    provider_job_id: str
    urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One order's way to one clip. `rev` grows by one with every change of state.

    `order_id` is the job of the order's first take, whose card is the order's. `charged_micros` is what its
    member has paid for it, which is known once its hold has ended. `rendered_id` is the provider's own id
    of what it made, where that is not the ticket's. `clip_is_direct` says that its channel is the direct
    messages with its member, since no other took it.
    """

    id: JobId
    order_id: JobId
    take: int
    order: Order
    quote: Quote
    state: JobState
    rev: int
    created_at: datetime
    state_at: datetime
    charged_micros: Micros = NOTHING_MICROS
    attempt: int = 0
    ticket: Ticket | None = None
    rendered_id: str | None = None
    cancel_asked_at: datetime | None = None
    fault: Fault | None = None
    card_message_id: MessageId | None = None
    card_tried_at: datetime | None = None
    card_rev: int = -1
    clip_message_id: MessageId | None = None
    clip_channel_id: ChannelId | None = None
    clip_tried_at: datetime | None = None
    clip_is_direct: bool = False

    @property
    def is_on_card(self) -> bool:
        """Whether the order's card carries the clip. That of a character is its own message, without one."""
        on_card = self.clip_message_id is not None and self.clip_message_id == self.card_message_id
        return on_card and self.order.kind is not Kind.CHARACTER


class AttemptOutcome(StrEnum):
    """What a submission proved about whether the provider has the job (and may bill it)."""

    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submission of a job to one offer. It is written before the call is made.

    `at_offer` is its number among the job's submissions to this offer, known when it is begun.
    """

    job_id: JobId
    number: int
    offer_id: OfferId
    sent_at: datetime
    outcome: AttemptOutcome | None = None
    at_offer: int = 1

    @property
    def key(self) -> str:
        """The idempotency key: the same for every repetition of this one submission, and for no other."""
        return f"{self.job_id}-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A finished video of ours, on our own disk."""

    job_id: JobId
    path: Path
    sha256: str
    size_bytes: int
    width: int
    height: int
    duration_ms: int
    has_sound: bool
    stored_at: datetime


class ClipState(StrEnum):
    """Who may see a clip: all who see its channel, nobody for now (reported), or nobody for good."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    TAKEN_DOWN = "taken_down"
    DELETED = "deleted"
    EXPIRED = "expired"


class Scope(StrEnum):
    """Whose spending a running total counts."""

    MEMBER = "member"
    CHANNEL = "channel"
    GUILD = "guild"
    INSTALLATION = "installation"
    HOUSE = "house"
    GRANT = "grant"


class Period(StrEnum):
    """How long a running total counts before a new one begins."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a purse has spent and what is held against it."""

    spent_micros: Micros = NOTHING_MICROS
    held_micros: Micros = NOTHING_MICROS

    @property
    def used_micros(self) -> Micros:
        return Micros(self.spent_micros + self.held_micros)


class EntryKind(StrEnum):
    """What a line of the ledger does. A hold is ended exactly once: by its capture or its release."""

    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"
    GRANT = "grant"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the append-only ledger; a grant's is of no job."""

    id: int
    kind: EntryKind
    hold_id: HoldId | None
    job_id: JobId | None
    bearer: Scope
    amount_micros: Micros
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be spent in a month, as the operator set it; None is no limit of that kind.

    Without an installation limit nothing that costs money is sold.
    """

    member_monthly_micros: Micros | None = None
    installation_monthly_micros: Micros | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one member may still order, as `/quota`, quotes and cards show it.

    `limit_micros` and `balance` are of the member's own budget, in `period`. If nothing `starts_anew`,
    `resets_at` is the month's end. `left_micros` is the least of all that applies (None: nothing does), with
    `granted_micros` in it; `left_of` is the scope of the budget that has so little, and `left_until` when its
    period ends (None where it never does). Where not all that applies `is_known`, neither is what is left.
    """

    limit_micros: Micros | None
    balance: Balance
    left_micros: Micros | None
    resets_at: datetime
    period: Period = Period.MONTH
    starts_anew: bool = True
    granted_micros: Micros = NOTHING_MICROS
    in_flight: int = 0
    left_of: str = ""
    left_until: datetime | None = None
    is_known: bool = True
