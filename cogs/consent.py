"""`/consent`: whether one may be depicted and one's clips remixed here; by oneself alone."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range, locale_str

from bot.language import _, ngettext
from bot.moderation.consent import Consents, Matter, Wishes
from bot.moderation.withdrawing import Withdrawing, Withdrawn
from bot.quoting import escaped
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.presses import member_of

ALSO_CHARS_MAX = 300


TAKE_BACK = "take_back"


def consent(consents: Consents, withdrawing: Withdrawing) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(
        interaction: Interaction,
        depict: bool | None = None,  # noqa: FBT001 - an option of a command
        remix: bool | None = None,  # noqa: FBT001
        names: Range[str, 1, ALSO_CHARS_MAX] | None = None,
        pictures: str | None = None,
    ) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        if pictures is not None:
            await answer(interaction, said(_taken_back(await withdrawing.withdraw(member))))
            return
        if depict is None and remix is None and names is None:
            await answer(interaction, said(_told(await consents.wishes(member))))
            return
        wishes = await consents.wish(
            member, depict=depict, remix=remix, known_as=_known_as(interaction), also=names or ""
        )
        await answer(interaction, said(_told(wishes)))

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="consent",
        description="Whether others may depict you and remix your clips here",
        callback=callback,
    )
    app_commands.describe(
        depict=locale_str("Whether prompts of others may mean you; yes if you never say"),
        remix=locale_str("Whether others may remix your clips; yes if you never say"),
        names=locale_str("Other names that mean you, with commas between, beside those that Discord shows"),
        pictures=locale_str(
            "Take back what you said of people in pictures: orders end, clips are taken down"
        ),
    )(command)
    app_commands.choices(
        pictures=[app_commands.Choice(name=locale_str("Take back what I said"), value=TAKE_BACK)]
    )(command)
    return command


def _taken_back(done: Withdrawn) -> str:
    if not (done.statements or done.ended or done.taken_down):
        return _("You have said nothing of people in pictures here that counts. Nothing was changed.")
    told = [
        _("What you said of people in pictures here counts no more."),
        ngettext(
            "{n} order ends by that.",
            "{n} orders end by that.",
            len(done.ended),
        ).format(n=len(done.ended)),
        ngettext(
            "{n} clip is taken down everywhere we can reach.",
            "{n} clips are taken down everywhere we can reach.",
            len(done.taken_down),
        ).format(n=len(done.taken_down)),
        _("What was made before stays paid; what was only set aside is free again."),
    ]
    return "\n".join(told)


def _known_as(interaction: Interaction) -> list[str]:
    """The names that Discord shows of the presser."""
    user = interaction.user
    nick = user.nick if isinstance(user, discord.Member) else None
    return [one for one in (user.name, user.global_name, nick) if one]


def _told(wishes: Wishes) -> str:
    if Matter.DEPICT in wishes.matters:
        names = ", ".join(escaped(one) for one in wishes.names)
        depict = _("Prompts of others that mean you are refused. You are meant by: {names}.").format(
            names=names or _("a mention alone")
        )
    else:
        depict = _("Prompts of others may mean you.")
    remix = (
        _("Nobody but you remixes your clips.")
        if Matter.REMIX in wishes.matters
        else _("Others may remix your clips, where the channel's rules let them.")
    )
    return f"{depict}\n{remix}"
