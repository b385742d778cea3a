"""`/privacy`: what is kept of whoever asks, all of it handed out, and all of it erased."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str

from bot.domain import GuildId, UserId
from bot.errors import NotYours
from bot.language import _, ngettext
from bot.privacy.erasing import Erasing, Progress, Step, StepRow
from bot.privacy.export_links import ExportLinks
from bot.privacy.exporting import Export, Exporting
from cogs import sentences
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, said
from cogs.privacy_buttons import PrivacyButton, Sure

PARTS_MAX = 8
"""Messages of one file each; who has more clips than that fits saves the rest with `/clips`."""

ONE_ZIP_BYTES = 4_000_000_000

SETTLED_SHARE = 0.95
"""Of an upload limit, for what else is in the request."""


class Privacy:
    """The command, and the presses of its buttons.

    Args:
        policy: the text, in the language of the moment.
        limit: bytes of one upload to a server; 0 stands for direct messages.
        links: where there is an address of our own.
    """

    def __init__(
        self,
        policy: Callable[[], str],
        exporting: Exporting,
        erasing: Erasing,
        *,
        limit: Callable[[GuildId], Awaitable[int]],
        new_name: Callable[[], str],
        links: ExportLinks | None,
    ) -> None:
        self._policy = policy
        self._exporting = exporting
        self._erasing = erasing
        self._limit = limit
        self._new_name = new_name
        self._links = links

    async def show_policy(self, interaction: Interaction) -> None:
        """The policy, to whoever asks alone."""
        await acknowledge(interaction)
        await answer(interaction, said(self._policy()))

    async def export(self, interaction: Interaction) -> None:
        """Everything, as one file, a link, or several files."""
        await acknowledge(interaction)
        limit = await self._limit(GuildId(interaction.guild_id or 0))
        fits = int(min(limit, interaction.filesize_limit) * SETTLED_SHARE)
        name = self._new_name() if self._links is None else self._links.name()
        made = await self._exporting.make(
            UserId(interaction.user.id),
            name=name,
            part_bytes=fits if self._links is None else ONE_ZIP_BYTES,
            parts_max=PARTS_MAX if self._links is None else 1,
        )
        first = made.parts[0]
        size = (await asyncio.to_thread(first.stat)).st_size
        if self._links is not None and size > fits:
            link = self._links.link(first, at=interaction.created_at)
            told = _("Everything that is kept of you: [one ZIP]({url}). The link holds until {when}.")
            await answer(
                interaction,
                said(told.format(url=link.url, when=sentences.moment(link.expires_at)) + _left_out(made)),
            )
            return
        try:
            await self._send(interaction, made)
        finally:
            for part in made.parts:
                await asyncio.to_thread(part.unlink, missing_ok=True)

    async def erase(self, interaction: Interaction) -> None:
        """How far an erasure is; where none is on its way, the first question."""
        await acknowledge(interaction)
        user_id = UserId(interaction.user.id)
        progress = await self._erasing.progress(user_id)
        view = ui.LayoutView(timeout=None)
        parts: list[ui.Item[Any]] = [] if progress is None else [ui.TextDisplay(_told(progress))]
        if progress is None or progress.is_over:
            parts += [
                ui.TextDisplay(
                    _(
                        "### Erase everything?\nYour prompts, pictures, clips, forms, favourites and words "
                        "go, here, in every channel and at the providers; orders on their way are cancelled. "
                        "Amounts stay, and what moderators decided, without words. What others saved or "
                        "forwarded nobody can call back. Take what you want to keep with `/privacy export` "
                        "first."
                    )
                ),
                ui.ActionRow(PrivacyButton(Sure.ERASE, user_id)),
            ]
        view.add_item(ui.Container(*parts))
        await answer(interaction, view)

    async def press(self, interaction: Interaction, act: Sure, user_id: int) -> None:
        """The first yes asks once more, the second begins."""
        if interaction.user.id != user_id:
            raise NotYours(_("This is another person's data."), _("Ask for your own with /privacy."))
        await acknowledge_press(interaction)
        match act:
            case Sure.ERASE:
                view = ui.LayoutView(timeout=None)
                asked = _("Nobody can undo this, not even whoever runs this bot. Erase all of it for good?")
                view.add_item(ui.TextDisplay(asked))
                view.add_item(ui.ActionRow(PrivacyButton(Sure.FOR_GOOD, user_id)))
                await answer(interaction, view)
            case Sure.FOR_GOOD:
                await answer(interaction, said(_told(await self._erasing.ask(UserId(user_id)))))

    async def _send(self, interaction: Interaction, made: Export) -> None:
        told = _("Everything that is kept of you.") + _left_out(made)
        for number, part in enumerate(made.parts, start=1):
            name = f"my-dailies-{number}.zip" if len(made.parts) > 1 else "my-dailies.zip"
            file = await asyncio.to_thread(discord.File, part, name)
            view = ui.LayoutView(timeout=None)
            if number == 1:
                view.add_item(ui.TextDisplay(told))
            view.add_item(ui.File(f"attachment://{name}"))
            if number == 1:
                await answer(interaction, view, files=[file])
            else:
                await interaction.followup.send(view=view, file=file, ephemeral=True)


def privacy(desk: Privacy) -> app_commands.Group:
    """The commands."""
    group = app_commands.Group(
        name="privacy", description=locale_str("Your data: what is kept, all of it handed out, or erased")
    )

    async def policy(interaction: Interaction) -> None:
        await desk.show_policy(interaction)

    async def export(interaction: Interaction) -> None:
        await desk.export(interaction)

    async def erase(interaction: Interaction) -> None:
        await desk.erase(interaction)

    for name, description, callback in (
        ("policy", locale_str("What is kept of you, for how long, where it goes, and who runs this"), policy),
        ("export", locale_str("Everything that is kept of you, as a file"), export),
        ("erase", locale_str("Erase everything of yours for good, and see how far that is"), erase),
    ):
        group.add_command(app_commands.Command(name=name, description=description, callback=callback))
    return group


def _left_out(made: Export) -> str:
    if not made.left_out:
        return ""
    return "\n-# " + ngettext(
        "{n} clip is too large for this: save it with /clips.",
        "{n} clips are too large for this: save them with /clips.",
        made.left_out,
    ).format(n=made.left_out)


def _told(progress: Progress) -> str:
    lines = [_("### Your data is being erased"), *(_line(row) for row in progress.steps)]
    if progress.is_over:
        lines[0] = _("### Your data was erased")
    else:
        lines.append("-# " + _("It goes on by itself. Look again with /privacy erase."))
    return "\n".join(lines)


def _line(row: StepRow) -> str:
    codes = (code.partition(":") for code in (row.result or "").split(","))
    counts = {key: int(n) for key, _colon, n in codes if n}
    if row.done_at is None:
        if row.step is Step.BOOK:
            return f"- {_name(row.step)}: {sentences.day(row.due_at)}"
        left = counts.get("waiting")
        told = _("under way") if left is None else _("{n} still to go").format(n=left)
        return f"- {_name(row.step)}: {told}"
    done = max((counts[key] for key in ("erased", "removed", "renamed") if key in counts), default=None)
    told = _("done") if done is None else _("done ({n})").format(n=done)
    if refused := counts.get("refused"):
        told = _(
            "{told}; of {n} Discord or the provider refused something: ask a moderator to delete the message"
        ).format(told=told, n=refused)
    return f"- {_name(row.step)}: {told}"


def _name(step: Step) -> str:
    match step:
        case Step.ORDERS:
            return _("Orders on their way")
        case Step.WORDS:
            return _("Prompts, forms and other words")
        case Step.CLIPS:
            return _("Clips, cards and the providers' copies")
        case Step.CHARACTERS:
            return _("Characters")
        case Step.PICTURES:
            return _("Pictures")
        case Step.LOG:
            return _("Traces on the disk")
        case Step.BOOK:
            return _("Your id in the book of money")
