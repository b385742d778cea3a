"""`/character`: somebody from a clip, made with consent, listed, and removed everywhere."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.catalogue import Catalogue
from bot.domain import JobId, Kind, Member
from bot.errors import OrderRefused
from bot.language import _
from bot.ordering.attachments import Attachments
from bot.ordering.characters import NAME_CHARS_MAX, READ_MAX, Character, Characters
from bot.quoting import escaped, shortened
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer, mark_ordering, said
from cogs.asking import asked_by
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX, Autocompletion, matching_models
from cogs.ordering import Ordering
from cogs.posting_place import check_place
from cogs.presses import member_of


def character(
    ordering: Ordering,
    characters: Characters,
    attachments: Attachments,
    catalogue: Catalogue,
    *,
    removed: Callable[[JobId], None],
) -> app_commands.Group:
    """The commands.

    `removed` is told of the job whose character is to be deleted at its provider.
    """
    group = app_commands.Group(
        name="character",
        description="Characters of your own: somebody from a clip, for videos to come",
        guild_only=True,
    )

    async def removable(interaction: Interaction, typed: str) -> list[Choice[str]]:
        """One's own; those of others are for moderators to remove."""
        member, moderates = member_of(interaction), interaction.permissions.manage_messages
        found = await characters.choices(typed, member, limit=READ_MAX)
        theirs = [one for one in found if moderates or one.owner == member]
        return [Choice(name=_choice_name(one, member), value=one.id) for one in theirs[:CHOICES_MAX]]

    async def models(interaction: Interaction, typed: str) -> list[Choice[str]]:
        del interaction
        return matching_models(catalogue, Kind.CHARACTER, typed)

    @group.command(name="add", description="Make a character from a clip of 1 to 4 seconds")
    @app_commands.describe(
        clip=locale_str("An MP4 that shows one person or creature well"),
        name=locale_str("What prompts call them"),
        # Agreed to is `bot.ordering.characters.CONSENT`; its version is written with every character.
        consent=locale_str("Everyone seen or heard in the clip has agreed that videos of them are made here"),
        share=locale_str("Let everybody in this server order with it; only you if you leave this out"),
        model=locale_str("Which model makes it; the first one if you leave this out"),
    )
    @app_commands.autocomplete(model=models)
    async def add(
        interaction: Interaction,
        clip: discord.Attachment,
        name: Range[str, 1, NAME_CHARS_MAX],
        consent: bool,  # noqa: FBT001 - as Discord names it
        share: bool = False,  # noqa: FBT001, FBT002
        model: str | None = None,
    ) -> None:
        await acknowledge(interaction)
        owner = member_of(interaction)
        check_place(interaction)
        if not catalogue.models(Kind.CHARACTER):
            raise OrderRefused(
                _("No model that can be had here knows characters."),
                _("Describe them in the prompt, or tell whoever runs this bot."),
            )
        if not isinstance(clip, discord.Attachment):  # an id alone, with no file to it
            raise OrderRefused(_("The file did not arrive in time."), _("Send it again."))
        kept = await characters.keep(
            attachments.read(clip.url), owner, name=name, consents=consent, shared=share
        )
        mark_ordering(interaction)
        asked = asked_by(interaction, name, kind=Kind.CHARACTER, character=kept, model=model)
        await answer(interaction, await ordering.ask(asked, at=interaction.created_at))

    @group.command(name="list", description="The characters that you can order with here")
    async def list_(interaction: Interaction) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        found = await characters.usable_by(member)
        if not found:
            await answer(
                interaction,
                said(_("You have no characters here. Make one from a short clip with /character add.")),
            )
            return
        lines = sentences.as_far_as_fits([_line(one, member) for one in found])
        await answer(interaction, said("\n".join(lines)))

    @group.command(name="remove", description="Remove a character everywhere, at once")
    @app_commands.rename(which="character")
    @app_commands.describe(which=locale_str("One of yours; a moderator may remove any that is shared"))
    @app_commands.autocomplete(which=removable)
    async def remove(interaction: Interaction, which: str) -> None:
        await acknowledge(interaction)
        gone, job_id = await characters.remove(
            which, by=member_of(interaction), moderator=interaction.permissions.manage_messages
        )
        removed(job_id)
        await answer(
            interaction,
            said(
                _(
                    "{name} is removed: no order can use it any more. It is deleted at the provider too, "
                    "where that has a call for it. Clips that were made with it stay."
                ).format(name=escaped(gone.name))
            ),
        )

    return group


def character_choices(characters: Characters) -> Autocompletion:
    """Those with which a member may order here, as they are typed."""

    async def choices(interaction: Interaction, typed: str) -> list[Choice[str]]:
        member = member_of(interaction)
        found = await characters.choices(typed, member, limit=CHOICES_MAX)
        return [Choice(name=_choice_name(one, member), value=one.id) for one in found]

    return choices


def _choice_name(one: Character, member: Member) -> str:
    told = one.name if one.owner == member else _("{name} (shared here)").format(name=one.name)
    return shortened(told, CHOICE_NAME_UNITS_MAX)


def _line(one: Character, member: Member) -> str:
    name, provider = escaped(one.name), escaped(one.provider or "")
    if one.owner != member:
        owner = f"<@{one.owner.user_id}>"
        return _("**{name}**: of {member}, shared here; made at {provider}").format(
            name=name, member=owner, provider=provider
        )
    if one.shared:
        return _("**{name}**: yours, shared here; made at {provider}").format(name=name, provider=provider)
    return _("**{name}**: yours; made at {provider}").format(name=name, provider=provider)
