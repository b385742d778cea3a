"""Whoever sees a clip reads what made it, in text and not only in what a screen reader says, on every way."""

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from discord import ui

from bot.clips.library import Shelved
from bot.clips.packing import Packed
from bot.delivery import Link
from bot.domain import ChannelId, GuildId, InteractionId, JobState, Member, MessageId, UserId
from cogs.cards import card_view, clip_view, whisper_view
from cogs.library_views import hung_view, sent_view
from tests.props import NOON
from tests.stage import card_of, job_of, post_of

LABEL = "AI-generated"
LINK = Link(url="https://bot.example/clips/1.mp4", expires_at=NOON + timedelta(days=7), size_bytes=1)
JOB = job_of(
    1,
    member=Member(guild_id=GuildId(7), user_id=UserId(1001)),
    channel_id=ChannelId(30),
    interaction_id=InteractionId(5),
    at=NOON,
    state=JobState.POSTED,
    clip_message_id=MessageId(9),
    clip_channel_id=ChannelId(30),
)
POST = post_of(JOB, Path("clip.mp4"), label=LABEL)
LINKED = post_of(JOB, None, label=LABEL, link=LINK)
SHELVED = Shelved(job=JOB, clip=POST.clip, stars=0, favourite=False)
PACKED = Packed(clip=POST.clip, path=Path("clip.mp4"), size_bytes=1)
AS_LINK = Packed(clip=POST.clip, path=None, size_bytes=1, link=LINK)
CARD = card_of(JOB, label=LABEL, clip_here=Path("clip.mp4"))


def read(view: ui.LayoutView) -> str:
    """What stands there to be read, without the descriptions of pictures."""
    found = []

    def walk(component: dict[str, object]) -> None:
        if component.get("type") == 10:
            found.append(str(component["content"]))
        for inner in (*component.get("components", ()),):  # type: ignore[misc]  # Discord's JSON
            walk(inner)

    for component in view.to_components():  # type: ignore[no-untyped-call]  # discord.py's own
        walk(json.loads(json.dumps(component)))
    return "\n".join(found).replace("\\", "")  # which Discord takes as written, not as shown


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(partial(clip_view, POST), id="in the channel"),
        pytest.param(partial(clip_view, LINKED), id="in the channel, as a link"),
        pytest.param(
            partial(card_view, card_of(JOB, label=LABEL, clip_here=Path("clip.mp4"))), id="on the card"
        ),
        pytest.param(partial(whisper_view, [POST]), id="private"),
        pytest.param(partial(whisper_view, [LINKED]), id="private, as a link"),
        pytest.param(partial(hung_view, POST, 3, shown=True), id="in the gallery"),
        pytest.param(partial(hung_view, LINKED, 3, shown=True), id="in the gallery, as a link"),
        pytest.param(partial(sent_view, SHELVED, LABEL, PACKED), id="sent again"),
        pytest.param(partial(sent_view, SHELVED, LABEL, AS_LINK), id="sent again, as a link"),
        pytest.param(partial(sent_view, SHELVED, LABEL, None), id="sent again, in no way"),
    ],
)
async def test_every_way_to_a_clip_says_what_made_it(view: "partial[ui.LayoutView]") -> None:
    assert LABEL in read(view())
