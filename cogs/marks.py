"""Which message is whose: what the buttons of a card, a post or a message in a gallery say of it for ever."""

import re
from dataclasses import dataclass

import discord

from bot.domain import JobId
from bot.ids import ID
from cogs.buttons import custom_ids
from cogs.library_buttons import hung_mark

_SHOWS = re.compile(rf"(?:details:(?P<what>[kc])|{hung_mark('')})(?P<job>{ID})")


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
