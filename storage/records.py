"""Rows as the records of the domain."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from bot.domain import (
    Attempt,
    AttemptOutcome,
    ChannelId,
    Entry,
    EntryKind,
    Fault,
    FaultKind,
    GuildId,
    HoldId,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Member,
    Micros,
    OfferId,
    Order,
    Quote,
    Scope,
    Source,
    Ticket,
    UserId,
)
from storage.purses import Hold, from_day
from storage.times import from_us, maybe_from_us

ORDERS_KEPT_MAX = 512
"""A kilobyte each, and of the longest prompts some eight."""

_STATES = {state.value: state for state in JobState}
SCOPES = {scope.value: scope for scope in Scope}
ENTRY_KINDS = {kind.value: kind for kind in EntryKind}
"""By their words: an enum that is called takes ten times as long."""

_ORDERED = (
    "kind",
    "guild_id",
    "user_id",
    "channel_id",
    "parent_id",
    "interaction_id",
    "prompt",
    "model",
    "resolution",
    "aspect_ratio",
    "duration_s",
    "seed",
    "takes",
    "source_file",
    "source_media_type",
    "source_width",
    "source_height",
    "source_provider_id",
    "source_job_id",
    "characters",
    "remixable",
    "blocks_ip",
    "draft",
    "private",
    "spoiler",
    "locale",
)
"""The columns that an order is made of. They hardly ever change, and a job's row is read a dozen times."""

_MOVED = (
    "id",
    "order_id",
    "take",
    "offer_id",
    "price_micros",
    "per_second_micros",
    "state",
    "charged_micros",
    "rev",
    "created_at",
    "state_at",
    "attempt",
    "ticket",
    "rendered_id",
    "cancel_asked_at",
    "fault_kind",
    "fault_code",
    "fault_detail",
    "card_message_id",
    "card_tried_at",
    "card_rev",
    "clip_message_id",
    "clip_channel_id",
    "clip_tried_at",
    "clip_is_direct",
)
"""The others."""


JOB_COLUMNS = (
    "id",
    "interaction_id",
    "order_id",
    "take",
    "takes",
    "guild_id",
    "channel_id",
    "parent_id",
    "user_id",
    "kind",
    "prompt",
    "model",
    "resolution",
    "aspect_ratio",
    "duration_s",
    "seed",
    "source_file",
    "source_media_type",
    "source_width",
    "source_height",
    "source_provider_id",
    "source_job_id",
    "characters",
    "remixable",
    "blocks_ip",
    "draft",
    "private",
    "spoiler",
    "offer_id",
    "price_micros",
    "per_second_micros",
    "charged_micros",
    "state",
    "rev",
    "created_at",
    "state_at",
    "attempt",
    "ticket",
    "rendered_id",
    "cancel_asked_at",
    "fault_kind",
    "fault_code",
    "fault_detail",
    "card_message_id",
    "card_tried_at",
    "card_rev",
    "clip_message_id",
    "clip_channel_id",
    "clip_tried_at",
    "locale",
    "clip_is_direct",
)
"""All of the table, in its own order; a test compares them."""

_at = {name: place for place, name in enumerate(JOB_COLUMNS)}
_moved = itemgetter(*(_at[name] for name in _MOVED))
_ordered = itemgetter(*(_at[name] for name in _ORDERED))


def job(found: sqlite3.Row) -> Job:
    """A row of `jobs`, all of it in the table's order."""
    return _job(tuple(found))


@lru_cache(maxsize=ORDERS_KEPT_MAX)
def _job(found: tuple[Any, ...]) -> Job:
    """The worker and the card of a job read the same row, one after the other.

    By values alone: a `Row` is compared by the names of its columns too, which takes longer than all else.
    """
    (
        job_id,
        order_id,
        take,
        offer_id,
        price_micros,
        per_second_micros,
        state,
        charged_micros,
        rev,
        created_at,
        state_at,
        attempt,
        kept,
        rendered_id,
        cancel_asked_at,
        fault_kind,
        fault_code,
        fault_detail,
        card_message_id,
        card_tried_at,
        card_rev,
        clip_message_id,
        clip_channel_id,
        clip_tried_at,
        clip_is_direct,
    ) = _moved(found)
    return Job(
        id=job_id,
        order_id=order_id,
        take=take,
        order=_order(_ordered(found)),
        quote=_quote(offer_id, price_micros, per_second_micros),
        state=_STATES[state],
        charged_micros=charged_micros,
        rev=rev,
        created_at=from_us(created_at),
        state_at=from_us(state_at),
        attempt=attempt,
        ticket=None if kept is None else ticket(kept),
        rendered_id=rendered_id,
        cancel_asked_at=maybe_from_us(cancel_asked_at),
        fault=None
        if fault_code is None
        else Fault(kind=FaultKind(fault_kind), code=fault_code, detail=fault_detail or ""),
        card_message_id=card_message_id,
        card_tried_at=maybe_from_us(card_tried_at),
        card_rev=card_rev,
        clip_message_id=clip_message_id,
        clip_channel_id=clip_channel_id,
        clip_tried_at=maybe_from_us(clip_tried_at),
        clip_is_direct=bool(clip_is_direct),
    )


@lru_cache(maxsize=ORDERS_KEPT_MAX)
def ticket(kept: str) -> Ticket:
    """A ticket as it is kept; a running job's is read with every question about it."""
    read = json.loads(kept)
    return Ticket(provider_job_id=read["id"], urls=read["urls"])


@lru_cache(maxsize=ORDERS_KEPT_MAX)
def _order(ordered: tuple[Any, ...]) -> Order:
    """The order of a row; those of the jobs that were read last are kept, as what does not change."""
    row = dict(zip(_ORDERED, ordered, strict=True))
    return Order(
        kind=Kind(row["kind"]),
        member=Member(guild_id=GuildId(row["guild_id"]), user_id=UserId(row["user_id"])),
        channel_id=ChannelId(row["channel_id"]),
        parent_id=None if row["parent_id"] is None else ChannelId(row["parent_id"]),
        interaction_id=InteractionId(row["interaction_id"]),
        prompt=row["prompt"],
        model=row["model"],
        resolution=row["resolution"],
        aspect_ratio=row["aspect_ratio"],
        duration_s=row["duration_s"],
        seed=row["seed"],
        takes=row["takes"],
        source=_source(row),
        source_job_id=None if row["source_job_id"] is None else JobId(row["source_job_id"]),
        characters=() if row["characters"] == "[]" else tuple(json.loads(row["characters"])),
        remixable=bool(row["remixable"]),
        blocks_ip=bool(row["blocks_ip"]),
        draft=bool(row["draft"]),
        private=bool(row["private"]),
        spoiler=bool(row["spoiler"]),
        locale=row["locale"],
    )


@lru_cache(maxsize=ORDERS_KEPT_MAX)
def _quote(offer_id: str, price_micros: int, per_second_micros: int) -> Quote:
    return Quote(
        offer_id=OfferId(offer_id),
        price_micros=Micros(price_micros),
        per_second_micros=Micros(per_second_micros),
    )


def _source(row: Mapping[str, Any]) -> Source | None:
    if row["source_file"] is None:
        return None
    return Source(
        path=Path(row["source_file"]),
        media_type=row["source_media_type"],
        width=row["source_width"],
        height=row["source_height"],
        provider_video_id=row["source_provider_id"],
    )


def attempt(row: sqlite3.Row) -> Attempt:
    """A row of `attempts`."""
    return Attempt(
        job_id=JobId(row["job_id"]),
        number=row["number"],
        offer_id=OfferId(row["offer_id"]),
        sent_at=from_us(row["sent_at"]),
        outcome=None if row["outcome"] is None else AttemptOutcome(row["outcome"]),
    )


def hold(row: Sequence[Any]) -> Hold:
    """A row of `holds`: id, job, bearer, guild, channel, user, guild's day, UTC day, amount, granted."""
    return Hold(
        id=HoldId(row[0]),
        job_id=JobId(row[1]),
        bearer=SCOPES[row[2]],
        member=Member(guild_id=GuildId(row[3]), user_id=UserId(row[5])),
        channel_id=ChannelId(row[4]),
        guild_day=from_day(row[6]),
        utc_day=from_day(row[7]),
        amount_micros=Micros(row[8]),
        granted_micros=Micros(row[9]),
    )


def entry(row: Sequence[Any]) -> Entry:
    """A row of `entries`: id, kind, hold, its job, bearer, amount, at."""
    return Entry(
        id=row[0],
        kind=ENTRY_KINDS[row[1]],
        hold_id=None if row[2] is None else HoldId(row[2]),
        job_id=None if row[3] is None else JobId(row[3]),
        bearer=SCOPES[row[4]],
        amount_micros=Micros(row[5]),
        at=from_us(row[6]),
    )
