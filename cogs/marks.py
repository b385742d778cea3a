"""Which message is whose: what the buttons of a card, or of a clip's post, say of it for ever."""

import re
from dataclasses import dataclass

import discord

from bot.domain import JobId
from bot.ids import ID
from cogs.buttons import custom_ids

_SHOWS = re.compile(rf"details:(?P<what>[kc])(?P<job>{ID})")


@dataclass(frozen=True, slots=True)
class Mark:
    """The job whose clip a message shows, or the first of the order whose card it is."""

    job_id: JobId
    is_card: bool


def mark_of(message: discord.Message) -> Mark | None:
    """The mark of a message of ours; None where it shows neither clip nor card."""
    shown = (_SHOWS.fullmatch(one) for one in custom_ids(message.components))
    found = next((one for one in shown if one is not None), None)
    return None if found is None else Mark(JobId(found["job"]), is_card=found["what"] == "k")
