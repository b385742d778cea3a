"""`/preset`: the styles of a server and its channels, for those who manage it."""

from collections.abc import Sequence

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import ChannelId, Kind
from bot.errors import NotYours
from bot.language import _
from bot.offers.normalising import sentence
from bot.ordering.presets import NAME_CHARS_MAX, NO_PRESET, WHOLE_SERVER, WORDS_CHARS_MAX, Preset, Presets
from bot.quoting import escaped, shortened, whole_lines
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.choices import length_choices, matching_models, text_choices
from cogs.preset_option import places_of, saved_choices
from cogs.presses import member_of

LIST_UNITS_MAX = 3_500
WORDS_UNITS_SHOWN = 120


def preset(presets: Presets, catalogue: Catalogue) -> app_commands.Group:
    """The commands, with the choices that the catalogue has now."""
    group = app_commands.Group(
        name="preset",
        description="Styles of this server and its channels, and what its orders take by themselves",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )
    _add_save(group, presets, catalogue)

    async def list_(interaction: Interaction) -> None:
        await acknowledge(interaction)
        listed, defaults = await presets.of_guild(member_of(interaction).guild_id)
        await answer(interaction, _list_view(listed, defaults, catalogue))

    async def remove(interaction: Interaction, preset: str) -> None:
        await acknowledge(interaction)
        by = member_of(interaction)
        _listed, defaults = await presets.of_guild(by.guild_id)
        gone = await presets.remove(preset, by=by, places=places_of(interaction))
        name = escaped(gone.name)
        if gone.channel_id != WHOLE_SERVER:
            name += f" ({_only_in(gone.channel_id)})"
        told = _("Preset {name} is removed. What was ordered with it stays as it is.").format(name=name)
        if taken_in := [f"<#{place}>" for place, taken in defaults.items() if taken == gone.id]:
            told += " " + _("Orders in {place} take no preset by themselves now.").format(
                place=", ".join(taken_in)
            )
        await answer(interaction, said(told))

    async def default(interaction: Interaction, preset: str | None = None) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        channel_id = _channel(interaction)
        place = f"<#{channel_id}>"
        if preset in (None, NO_PRESET):
            had = await presets.clear_default(channel_id=channel_id, by=member)
            told = _("Orders in {place} take no preset by themselves now.")
            if not had:
                told = _("Orders in {place} took no preset by themselves before either.")
            await answer(interaction, said(told.format(place=place)))
            return
        chosen = await presets.set_default(str(preset), channel_id=channel_id, by=member)
        told = _(
            "Orders in {place} take preset {name} now where they name no other. What a member chooses still "
            "comes first."
        )
        await answer(interaction, said(told.format(place=place, name=escaped(chosen.name))))

    named = saved_choices(presets)
    group.add_command(
        app_commands.Command(name="list", description="The presets of this server", callback=list_)
    )
    removing: app_commands.Command[app_commands.Group, ..., None] = app_commands.Command(
        name="remove", description="Remove a preset", callback=remove
    )
    defaulting: app_commands.Command[app_commands.Group, ..., None] = app_commands.Command(
        name="default",
        description="The preset that orders in this channel take by themselves",
        callback=default,
    )
    app_commands.describe(preset=locale_str("Which one"))(removing)
    app_commands.describe(preset=locale_str("Which one; none if you leave this out"))(defaulting)
    for command in (removing, defaulting):
        app_commands.autocomplete(preset=named)(command)
        group.add_command(command)
    return group


def _add_save(group: app_commands.Group, presets: Presets, catalogue: Catalogue) -> None:
    async def save(
        interaction: Interaction,
        name: Range[str, 1, NAME_CHARS_MAX],
        prefix: Range[str, 1, WORDS_CHARS_MAX] | None = None,
        suffix: Range[str, 1, WORDS_CHARS_MAX] | None = None,
        model: str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        duration: int | None = None,
        here: bool = False,  # noqa: FBT001, FBT002 - as Discord names it
    ) -> None:
        await acknowledge(interaction)
        saved = await presets.save(
            name,
            by=member_of(interaction),
            channel_id=_channel(interaction) if here else WHOLE_SERVER,
            model=model,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            duration_s=duration,
            prefix=prefix or "",
            suffix=suffix or "",
        )
        told = _("Preset {name} is saved.") if saved.is_new else _("Preset {name} is changed.")
        lines = [
            told.format(name=escaped(" ".join(name.split())))
            + " "
            + _("It is in the choices of every order; `/preset default` lets a channel take it by itself."),
            _line(saved.preset, (), catalogue),
            *(f"- {escaped(sentence(each, saved.model_name))}" for each in saved.adjustments),
        ]
        await answer(interaction, said("\n".join(lines)))

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.GENERATE, typed)

    command: app_commands.Command[app_commands.Group, ..., None] = app_commands.Command(
        name="save", description="Save a style, or change the one of that name", callback=save
    )
    app_commands.describe(
        name=locale_str("What members choose it by"),
        prefix=locale_str("Words that come before the member's own"),
        suffix=locale_str("Words that come after the member's own"),
        model=locale_str("Which model it takes; left open if you leave this out"),
        resolution=locale_str("How sharp; left open if you leave this out"),
        aspect_ratio=locale_str("Wide or tall; left open if you leave this out"),
        duration=locale_str("How many seconds; left open if you leave this out"),
        here=locale_str("For this channel alone"),
    )(command)
    app_commands.autocomplete(model=models)(command)
    rows = catalogue.models(Kind.GENERATE)
    app_commands.choices(
        resolution=text_choices(value for row in rows for value in row.resolutions),
        aspect_ratio=text_choices(value for row in rows for value in row.aspect_ratios),
    )(command)
    app_commands.choices(duration=length_choices(value for row in rows for value in row.durations_s))(command)
    group.add_command(command)


def _channel(interaction: Interaction) -> ChannelId:
    """Where the command was given; a thread is of its channel's.

    Raises:
        NotYours: Discord did not say where.
    """
    places = places_of(interaction)
    if not places:
        raise NotYours(_("It is not known which channel this is."), _("Use the command in a channel."))
    return places[-1]


def _only_in(channel_id: ChannelId) -> str:
    return _("only in {place}").format(place=f"<#{channel_id}>")


def _list_view(
    listed: Sequence[Preset], defaults: dict[ChannelId, str], catalogue: Catalogue
) -> ui.LayoutView:
    if not listed:
        return said(_("This server has no presets yet. `/preset save` makes one."))
    lines = [
        _line(one, [place for place, taken in defaults.items() if taken == one.id], catalogue)
        for one in listed
    ]
    shown = whole_lines(lines, LIST_UNITS_MAX)
    if shown < len(lines):
        more = _("and {n} more; type in an order's option to find them").format(n=len(lines) - shown)
        lines = [*lines[:shown], more]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("### " + _("Presets")), ui.TextDisplay("\n".join(lines))))
    return view


def _line(one: Preset, taken_in: Sequence[ChannelId], catalogue: Catalogue) -> str:
    parts = [
        None if one.model is None else escaped(catalogue.describe(one.model).name),
        one.resolution,
        one.aspect_ratio,
        None if one.duration_s is None else _("{n} s").format(n=one.duration_s),
    ]
    line = f"- **{escaped(one.name)}**"
    if said_parts := [each for each in parts if each]:
        line += " " + " · ".join(said_parts)
    if one.prefix:
        line += "\n  - " + _("before: {words}").format(
            words=escaped(shortened(one.prefix, WORDS_UNITS_SHOWN))
        )
    if one.suffix:
        line += "\n  - " + _("after: {words}").format(words=escaped(shortened(one.suffix, WORDS_UNITS_SHOWN)))
    if one.channel_id:
        line += "\n  - " + _only_in(one.channel_id)
    if one.model is not None and all(
        one.model != row.id for kind in (Kind.GENERATE, Kind.ANIMATE) for row in catalogue.models(kind)
    ):
        line += "\n  - " + _("its model cannot be ordered here now: another is taken")
    if taken_in:
        line += "\n  - " + _("taken by itself in {places}").format(
            places=", ".join(f"<#{place}>" for place in taken_in)
        )
    return line
