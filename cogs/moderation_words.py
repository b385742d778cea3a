"""`/moderation words`: a server's own list of words; `/moderation test`: what a prompt would meet."""

import asyncio
import contextlib
import io

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range, locale_str

from bot.domain import PROMPT_CHARS_MAX, ChannelId
from bot.errors import ChangeRefused
from bot.language import _, ngettext
from bot.ordering.attachments import Attachments
from bot.quoting import escaped, shortened
from bot.screening.classifier import Subject
from bot.screening.screening import Screening
from bot.screening.server_words import Changed, ServerWords, written
from bot.screening.verdict import UNAVAILABLE, Outcome, Reason, Verdict
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.choices import CHOICE_NAME_UNITS_MAX, CHOICES_MAX
from cogs.presses import member_of

RULE_CHARS_MAX = 140
"""Two phrases of the most letters, with what stands between them."""

FILE_BYTES_MAX = 100_000
"""A thousand rules of the greatest length."""

FILE_WITHIN_S = 20.0
LISTED_UNITS_MAX = 3_000
"""A longer list comes as a file alone."""

FILE = "words.txt"
SCORES_SHOWN = 5
SCORE_SHOWN_FROM = 0.01

_MARKS = {"block": "", "review": "? ", "allow": "+ "}


def add_words(
    group: app_commands.Group, words: ServerWords, attachments: Attachments, screening: Screening
) -> None:
    """Add `words` with its subcommands, and `test`."""
    listed = app_commands.Group(
        name="words", description="This server's own list of words in prompts", parent=group
    )
    _changes(listed, words)
    _whole(listed, words, attachments)
    _test(group, screening)


def _changes(group: app_commands.Group, words: ServerWords) -> None:
    @group.command(name="add", description="Add a word or phrase, however it is written in a prompt")
    @app_commands.describe(
        rule=locale_str("A word or phrase; two with & between are found together; * ends a stem"),
        action=locale_str("What happens; it is stopped if you leave this out"),
    )
    @app_commands.choices(
        action=[
            Choice(name=locale_str("stop it"), value="block"),
            Choice(name=locale_str("let a moderator look"), value="review"),
            Choice(name=locale_str("allow it"), value="allow"),
        ]
    )
    async def add(
        interaction: Interaction, rule: Range[str, 1, RULE_CHARS_MAX], action: str = "block"
    ) -> None:
        await acknowledge(interaction)
        mark = _MARKS.get(action, "")
        line = f"{mark}{rule.strip().lstrip('?+@[# ')}"
        done = await words.add([line], by=member_of(interaction))
        told = (
            _("The rule holds from the next prompt on: {rule}.")
            if done.rules
            else _("The rule held before: {rule}. Nothing was changed.")
        ).format(rule=escaped(line))
        if action == "review" and done.rules:
            told = f"{told} " + _("A moderator looks where the channel reviews prompts; elsewhere they pass.")
        await answer(interaction, said(f"{told} {_count(done)}"))

    @group.command(name="remove", description="Take a rule out of the list")
    @app_commands.describe(rule=locale_str("Which rule"))
    async def remove(interaction: Interaction, rule: Range[str, 1, RULE_CHARS_MAX]) -> None:
        await acknowledge(interaction)
        done = await words.remove(rule.strip().lstrip("?+ "), by=member_of(interaction))
        told = _("The rule is taken out: {rule}.").format(rule=escaped(rule))
        await answer(interaction, said(f"{told} {_count(done)}"))

    @remove.autocomplete("rule")
    async def rules(interaction: Interaction, typed: str) -> list[Choice[str]]:
        wanted = typed.strip().casefold()
        listed = [written(rule) for rule in await words.listed(member_of(interaction).guild_id)]
        return [
            Choice(name=shortened(line, CHOICE_NAME_UNITS_MAX), value=line)
            for line in listed
            if wanted in line and len(line) <= CHOICE_NAME_UNITS_MAX
        ][:CHOICES_MAX]


def _whole(group: app_commands.Group, words: ServerWords, attachments: Attachments) -> None:
    @group.command(name="list", description="This server's list, as it can be imported elsewhere")
    async def show(interaction: Interaction) -> None:
        await acknowledge(interaction)
        lines = [written(rule) for rule in await words.listed(member_of(interaction).guild_id)]
        if not lines:
            empty = _("This server has no rules of its own. /moderation words add makes one.")
            await answer(interaction, said(empty))
            return
        whole = "\n".join(lines)
        view = said(ngettext("{n} rule", "{n} rules", len(lines)).format(n=len(lines)))
        if len(shown := escaped(whole)) <= LISTED_UNITS_MAX:
            view.add_item(ui.TextDisplay(shown))
        view.add_item(ui.File[ui.LayoutView](f"attachment://{FILE}"))
        await answer(interaction, view, files=[discord.File(io.BytesIO(f"{whole}\n".encode()), FILE)])

    @group.command(name="import", description="Add a whole list, one rule a line")
    @app_commands.describe(file=locale_str("A text file, one rule a line, as the list command gives it"))
    async def bring(interaction: Interaction, file: discord.Attachment) -> None:
        await acknowledge(interaction)
        text = await _text_of(file, attachments)
        done = await words.add(text.splitlines(), by=member_of(interaction))
        told = ngettext("{n} rule was added or changed.", "{n} rules were added or changed.", done.rules)
        await answer(interaction, said(f"{told.format(n=done.rules)} {_count(done)}"))


def _test(group: app_commands.Group, screening: Screening) -> None:
    @group.command(name="test", description="What a prompt would meet here; nothing is ordered")
    @app_commands.describe(prompt=locale_str("The prompt, as a member would type it"))
    async def test(interaction: Interaction, prompt: Range[str, 1, PROMPT_CHARS_MAX]) -> None:
        await acknowledge(interaction)
        by, here = member_of(interaction), ChannelId(interaction.channel_id or 0)
        subject = Subject(text=prompt, guild_id=by.guild_id, channel_id=here)
        await answer(interaction, said(_told(await screening.judge_subject(subject))))


async def _text_of(file: object, attachments: Attachments) -> str:
    """The file as text; whoever sent it may have lied about its size.

    Raises:
        ChangeRefused: there is none, it is too large, too slow, or no text.
    """
    if not isinstance(file, discord.Attachment):  # an id alone, with no file to it
        raise ChangeRefused(_("The file is no text."), _("Save it as plain text (UTF-8), one rule a line."))
    received = bytearray()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FILE_WITHIN_S):
            async for piece in attachments.read(file.url):
                received += piece
                if len(received) > FILE_BYTES_MAX:
                    raise ChangeRefused(
                        _("The file has more than {n} kB.").format(n=FILE_BYTES_MAX // 1_000),
                        _("Send a shorter list, one rule a line."),
                    )
            try:
                return received.decode("utf-8-sig")
            except UnicodeDecodeError as unfit:
                raise ChangeRefused(
                    _("The file is no text."), _("Save it as plain text (UTF-8), one rule a line.")
                ) from unfit
    raise ChangeRefused(_("The file did not arrive in time."), _("Send it again."))


def _count(done: Changed) -> str:
    return ngettext("The list has {n} rule.", "The list has {n} rules.", done.now).format(n=done.now)


def _told(verdict: Verdict) -> str:
    """What a prompt would meet, with the lists and categories it met; none of the prompt itself."""
    match verdict.outcome:
        case Outcome.PASS:
            lines = [_("It would pass.")]
        case Outcome.QUEUE if verdict.undecided:
            lines = [_("It would go to the moderators, or be refused in a channel without review.")]
        case Outcome.QUEUE:
            lines = [_("A moderator would look at it where the channel reviews prompts; else it would pass.")]
        case Outcome.BLOCK:
            lines = [_("It would be refused before anything is charged.")]
    lines += [f"- {_reason(reason)}" for reason in verdict.reasons]
    if verdict.final:
        lines.append(_("Nobody can allow it: no phrase, no moderator, no appeal."))
    scores = sorted(verdict.scores.items(), key=lambda one: -one[1])
    high = [f"{name} {score:.2f}" for name, score in scores if score >= SCORE_SHOWN_FROM][:SCORES_SHOWN]
    if high:
        lines.append(_("Scores: {scores}").format(scores=", ".join(high)))
    lines.append(_("Nothing was ordered, and nothing was charged."))
    return "\n".join(lines)


def _reason(reason: Reason) -> str:
    if reason.code == UNAVAILABLE:
        return _("{name} gave no answer").format(name=reason.source)
    if reason.code == "score":
        return _("{name} scores it high: {category}").format(name=reason.source, category=reason.category)
    lists = {
        "server": _("this server's list"),
        "operator": _("the operator's list"),
        "default": _("the list that comes with Dailies"),
    }
    where = lists.get(reason.source, reason.source)
    what = f" ({reason.category})" if reason.category else ""
    if reason.code == "pair":
        return _("two words together, by {list}").format(list=f"{where}{what}")
    return _("a word or phrase, by {list}").format(list=f"{where}{what}")
