"""What moderators have on the stage: the commands of `/moderation`, and what stands behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.assembly.screens import Screens
from bot.catalogue import Catalogue
from bot.clips.stills import Stills
from bot.domain import JobId
from bot.ids import Ids
from bot.moderation.appeals import Appeals
from bot.moderation.blocks import Blocks
from bot.moderation.consent import Consents
from bot.moderation.gate_settings import GateSettings
from bot.moderation.pauses import Pauses
from bot.moderation.people import People
from bot.moderation.ruling import Ruling
from bot.moderation.withdrawing import Withdrawing
from bot.operating.notices import LoggedOperator
from bot.ordering.attachments import Attachments
from bot.ordering.door import Door
from bot.screening.clip_looks import ClipLooks
from bot.screening.rulebook import Rulebook
from bot.screening.rules import read
from bot.screening.screening import Screening
from bot.screening.server_words import ServerWords
from bot.screening.word_lists import WordLists
from cogs.client import Client
from cogs.consent import consent
from cogs.delivery import DiscordDelivery
from cogs.desk import Desk
from cogs.desk_delivery import DeskDelivery
from cogs.moderation import moderation
from cogs.moderation_appeals import add_appeals
from cogs.moderation_blocks import add_blocks
from cogs.moderation_member import add_members
from cogs.moderation_pause import add_pauses
from cogs.moderation_words import add_words
from cogs.remix_ask import RemixAsker
from cogs.rules_desk import RulesDesk
from cogs.standing import standing
from storage.database import Database
from tests.props import NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderated:
    """See the module."""

    pauses: Pauses
    people: People
    appeals: Appeals
    door: Door
    withdrawing: Withdrawing
    ended: list[JobId]
    taken: list[JobId]


def moderated(
    client: Client,
    database: Database,
    catalogue: Catalogue,
    screens: Screens,
    attachments: Attachments,
    door: Door,
    *,
    folder: Path,
    ids: Ids,
    now: Callable[[], datetime],
) -> Moderated:
    """Add the commands to a client that has not signed in yet."""
    ended: list[JobId] = []
    taken: list[JobId] = []
    made = Moderated(
        ended=ended,
        taken=taken,
        withdrawing=Withdrawing(database, folder=folder, now=now, moved=ended.append, taken=taken.extend),
        pauses=Pauses(database, now=now),
        people=People(database, ids=ids, now=now),
        door=door,
        appeals=Appeals(database, DeskDelivery(client, DiscordDelivery(client)), now=now),
    )
    rules = RulesDesk(Ruling(database, now=now), catalogue)
    made.door.remix_asks.asker = RemixAsker(client, DiscordDelivery(client))
    client.desk = Desk(made.appeals, rules, made.door.remix_asks, GateSettings(database, now=now))
    group = moderation()
    add_pauses(group, made.pauses)
    add_members(group, made.people)
    add_appeals(group, client.desk)
    add_words(group, screens.server_words, attachments, screens.screening)
    rules.add(group)
    add_blocks(group, Blocks(database, now=now))
    client.tree.add_command(group)
    client.tree.add_command(standing(made.people, made.appeals))
    client.tree.add_command(consent(Consents(database, now=now), made.withdrawing))
    return made


def screened(database: Database, words: Sequence[str], *, now: Callable[[], datetime]) -> Screens:
    """Lists of words alone: the operator's, and those of servers."""
    server_words = ServerWords(database, now=now)
    lists = WordLists({"operator": Rulebook(read(words))}, server_book=server_words.book)
    screening = Screening([lists])
    clips = ClipLooks(screening, Stills(), LoggedOperator(), folder=NOWHERE, frames=0)
    return Screens(screening=screening, words=lists, server_words=server_words, clips=clips)
