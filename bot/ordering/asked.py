"""What a member asked for, as it came over the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import Kind
from bot.ordering.framing import Framing

NO_PRESET = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An order as it came over the wire: nothing of it is believed yet. It is kept as JSON with its quote.

    `role_ids` are the asking member's and `joined_at` (ISO 8601) is when they came to the server, as
    Discord said with the interaction. `picture` is the id of a kept picture, `clip` the job of the clip
    to start from, `characters` the ids of ours, `character` that of the one that is to be made. `framing`
    brings a picture to the clip's shape. `way` is how a quote said that a clip is remixed or extended,
    else it is left open. `final_s` and `final_resolution` are what the final of a draft is to have.
    `final_of` is the job of the draft that this is the final of. A `shown_first` is quoted whatever it
    costs. `preset` is the id or name of one, None takes the channel's own, `NO_PRESET` none. `parent_id`
    is the channel that the one asked in is a thread of. `style` is the name of the preset that it has
    taken something of. `timed_out_until` (ISO 8601) is Discord's own time-out of the member, and
    `age_restricted` whether Discord marks the channel so. `locale` is Discord's name of the member's
    language, `seen_in` the channel that shows them the clip to start from, where it is not the one asked
    in.
    """

    guild_id: int
    user_id: int
    channel_id: int
    interaction_id: int
    prompt: str
    kind: Kind = Kind.GENERATE
    role_ids: Sequence[int] = ()
    joined_at: str | None = None
    model: str | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    duration_s: int | None = None
    seed: int | None = None
    takes: int = 1
    picture: str | None = None
    clip: str | None = None
    characters: Sequence[str] = ()
    character: str | None = None
    draft: bool = False
    private: bool = False
    spoiler: bool = False
    framing: Framing = Framing.CROP
    way: str | None = None
    final_s: int | None = None
    final_resolution: str | None = None
    final_of: str | None = None
    shown_first: bool = False
    preset: str | None = NO_PRESET
    parent_id: int | None = None
    style: str | None = None
    timed_out_until: str | None = None
    age_restricted: bool = False
    people: str | None = None
    locale: str | None = None
    seen_in: int | None = None
