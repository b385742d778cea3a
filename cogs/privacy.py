"""`/privacy`: what is kept of whoever asks, all of it handed out, and all of it erased."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str

from bot.domain import GuildId, UserId
from bot.errors import ClipTooLarge, NotYours
from bot.language import _, ngettext
from bot.privacy.erasing import Erasing, Progress, Step, StepRow
from bot.privacy.export_links import ExportLinks
from bot.privacy.exporting import Export, Exporting
from cogs import sentences
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, answer_whole, said
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
        limit: bytes of one upload to a server, as far as anybody knows; 0 stands for direct messages.
        refused: told of a size that a server has refused; whether a smaller one may do.
        links: where there is an address of our own.
    """

    def __init__(
        self,
        policy: Callable[[], str],
        exporting: Exporting,
        erasing: Erasing,
        *,
        limit: Callable[[GuildId], Awaitable[int]],
        refused: Callable[[int, GuildId], Awaitable[bool]],
        new_name: Callable[[], str],
        links: ExportLinks | None,
    ) -> None:
        self._policy = policy
        self._exporting = exporting
        self._erasing = erasing
        self._limit = limit
        self._refused = refused
        self._new_name = new_name
        self._links = links

    async def show_policy(self, interaction: Interaction) -> None:
        """The policy, to whoever asks alone."""
        await acknowledge(interaction)
        await answer(interaction, said(self._policy()))

    async def export(self, interaction: Interaction) -> None:
        """Everything, as one file, a link, or several files."""
        await acknowledge(interaction)
        if self._links is None:
            await self._export_parts(interaction)
        else:
            await self._export_one(interaction, self._links)

    async def _export_one(self, interaction: Interaction, links: ExportLinks) -> None:
        """One file, and a link where that is too large."""
        made = await self._exporting.make(
            UserId(interaction.user.id), name=links.name(), part_bytes=ONE_ZIP_BYTES, parts_max=1
        )
        size = (await _sizes(made))[1]
        if size <= await self._fits(interaction) and await self._sent(interaction, made):
            await _remove(made)
            return
        link = links.link(made.parts[0], at=interaction.created_at)
        told = _("Everything that is kept of you: [one ZIP]({url}). The link holds until {when}.")
        await answer(
            interaction,
            said(told.format(url=link.url, when=sentences.moment(link.expires_at)) + _left_out(made)),
        )

    async def _export_parts(self, interaction: Interaction) -> None:
        """Files of at most what goes here, and smaller ones after a refusal."""
        name, user_id = self._new_name(), UserId(interaction.user.id)
        before, fits = None, await self._fits(interaction)
        while before is None or fits < before:
            made = await self._exporting.make(
                user_id, name=name, part_bytes=fits, parts_max=PARTS_MAX, anew=before is not None
            )
            try:
                if await self._sent(interaction, made):
                    return
            finally:
                await _remove(made)
            before, fits = fits, await self._fits(interaction)
        told = _(
            "Discord takes no file of this size here, so your data cannot be sent. That cost nothing. Ask "
            "whoever runs this bot for it."
        )
        await answer(interaction, said(told))

    async def _fits(self, interaction: Interaction) -> int:
        limit = await self._limit(GuildId(interaction.guild_id or 0))
        return int(min(limit, interaction.filesize_limit) * SETTLED_SHARE)

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

    async def _sent(self, interaction: Interaction, made: Export) -> bool:
        """Send the parts; False where Discord takes no files of their size here, which is remembered.

        The largest goes first: where that is taken, all are.
        """
        told = _("Everything that is kept of you.") + _left_out(made)
        sizes = await _sizes(made)
        for at, number in enumerate(sorted(sizes, key=lambda number: -sizes[number])):
            name = f"my-dailies-{number}.zip" if len(made.parts) > 1 else "my-dailies.zip"
            file = await asyncio.to_thread(discord.File, made.parts[number - 1], name)
            view = ui.LayoutView(timeout=None)
            if at == 0:
                view.add_item(ui.TextDisplay(told))
            view.add_item(ui.File(f"attachment://{name}"))
            if at > 0:
                await interaction.followup.send(view=view, file=file, ephemeral=True)
                continue
            try:
                await answer_whole(interaction, view, files=[file])
            except ClipTooLarge:
                await self._refused(sizes[number], GuildId(interaction.guild_id or 0))
                return False
        return True


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


async def _sizes(made: Export) -> dict[int, int]:
    """The bytes of each part, by its number, which counts from 1."""
    return {
        number: (await asyncio.to_thread(part.stat)).st_size
        for number, part in enumerate(made.parts, start=1)
    }


async def _remove(made: Export) -> None:
    for part in made.parts:
        await asyncio.to_thread(part.unlink, missing_ok=True)


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
