"""The option `preset` of every order: what can be chosen where it is typed."""

import discord
from discord.app_commands import Choice

from bot.domain import ChannelId, GuildId
from bot.language import _
from bot.ordering.presets import NO_PRESET, WHOLE_SERVER, Preset, Presets
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX, Autocompletion

PLACE_UNITS_MAX = 30
"""Of a channel's name beside a preset's, which has 40 at most."""


def preset_choices(presets: Presets) -> Autocompletion:
    """What is proposed for an order: the presets of its place, and and none where it has its own."""

    async def choices(interaction: Interaction, typed: str) -> list[Choice[str]]:
        if interaction.guild_id is None:
            return []
        found, default = await presets.choices(
            typed,
            guild_id=GuildId(interaction.guild_id),
            places=places_of(interaction),
            limit=CHOICES_MAX - 1,
        )
        listed = [Choice(name=_name(one), value=one.id) for one in found]
        if default is not None:
            listed.insert(0, Choice(name=_("None, not even this channel's own"), value=NO_PRESET))
        return listed

    return choices


def saved_choices(presets: Presets) -> Autocompletion:
    """Every preset of the server, for those who manage them."""

    async def choices(interaction: Interaction, typed: str) -> list[Choice[str]]:
        if interaction.guild_id is None:
            return []
        listed, _defaults = await presets.of_guild(GuildId(interaction.guild_id))
        wanted = typed.casefold()
        found = [one for one in listed if wanted in one.name.casefold()]
        return [Choice(name=_named_with_place(one, interaction), value=one.id) for one in found[:CHOICES_MAX]]

    return choices


def places_of(interaction: Interaction) -> list[ChannelId]:
    """The channel, and the one that it is a thread of."""
    channel = interaction.channel
    ids = [interaction.channel_id, channel.parent_id if isinstance(channel, discord.Thread) else None]
    return [ChannelId(each) for each in ids if each]


def _named_with_place(preset: Preset, interaction: Interaction) -> str:
    """Two of a name are told apart by the channel that one of them is for."""
    if preset.channel_id == WHOLE_SERVER:
        return _name(preset)
    channel = interaction.guild and interaction.guild.get_channel(preset.channel_id)
    place = f"#{channel.name if channel else preset.channel_id}"
    only = _("only in {place}").format(place=shortened(place, PLACE_UNITS_MAX))
    return shortened(f"{only}: {_name(preset)}", CHOICE_NAME_UNITS_MAX)


def _name(preset: Preset) -> str:
    settings = [preset.resolution, preset.aspect_ratio]
    length = None if preset.duration_s is None else _("{n} s").format(n=preset.duration_s)
    said = ", ".join(each for each in (*settings, length) if each)
    return shortened(f"{preset.name}: {said}" if said else preset.name, CHOICE_NAME_UNITS_MAX)
