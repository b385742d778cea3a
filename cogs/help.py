"""`/help`: what this bot is, on one screen."""

from typing import Any

from discord import app_commands, ui
from discord.app_commands import Choice, locale_str

from bot import prompt_lesson
from bot.catalogue import Catalogue
from bot.domain import Kind, Micros
from bot.language import _, ngettext
from bot.money import format_usd
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer
from cogs.quoting import escaped, quoted

MODELS_SHOWN = 10
EXAMPLE_UNITS = 600
PROMPTS = "prompts"


def help_(
    catalogue: Catalogue, *, confirm_above_micros: Micros, play_money: bool
) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(interaction: Interaction, topic: str | None = None) -> None:
        await acknowledge(interaction)
        if topic == PROMPTS:
            view = prompts_view()
        else:
            view = help_view(catalogue, confirm_above_micros=confirm_above_micros, play_money=play_money)
        await answer(interaction, view)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="help",
        description="What this bot does, what it costs and what its labels mean",
        callback=callback,
    )
    app_commands.describe(topic=locale_str("One matter in detail; all of it in short if you leave this out"))(
        command
    )
    app_commands.choices(topic=[Choice(name=locale_str("prompts"), value=PROMPTS)])(command)
    return command


def help_view(catalogue: Catalogue, *, confirm_above_micros: Micros, play_money: bool) -> ui.LayoutView:
    """The one screen."""
    rows = catalogue.models(Kind.GENERATE)
    models = [
        f"- **{escaped(row.name)}** ({sentences.made_by(row.label)}): {escaped(_(row.about))}"
        for row in rows[:MODELS_SHOWN]
    ]
    if (more := len(rows) - MODELS_SHOWN) > 0:
        told = ngettext(
            "and {n} more; type in the option for the model to find it",
            "and {n} more; type in the option for the model to find them",
            more,
        )
        models.append(f"- {told.format(n=more)}")
    money = [
        _(
            "An order of more than {price} names its price and asks for your yes; a smaller one starts at "
            "once. The price is set aside when you order and charged when the clip is made. If none is made "
            "it comes back, but for what a provider bills all the same. No order can go over your budget."
        ).format(price=format_usd(confirm_above_micros))
    ]
    if play_money:
        money.insert(0, _("Prices here are play money: nobody pays them."))
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay(
                _(
                    "### Dailies makes video with sound from your words\n"
                    "`/generate` takes a prompt: say what is seen, what moves, and what is heard; "
                    "`/help prompts` shows how.\n"
                    "`/quota` shows your budget and your latest orders.\n"
                    "A card in the channel follows each order; **Cancel** on it stops what can be stopped, "
                    "**Details** shows everything about it. The clip is posted as a reply to its card."
                )
            ),
            ui.TextDisplay(_("**Money** {told}").format(told=" ".join(money))),
            ui.TextDisplay(
                _("**Models**") + "\n" + ("\n".join(models) or _("None can be ordered at the moment."))
            ),
            ui.TextDisplay(
                _(
                    "**Labels** Every clip says what made it: *AI-generated*, or *storyboard, not AI* for "
                    "our own drawings."
                )
            ),
        )
    )
    return view


def prompts_view() -> ui.LayoutView:
    """How to write a prompt, with examples that can be copied."""
    parts = [f"{number}. {part}" for number, part in enumerate(prompt_lesson.parts(), start=1)]
    hints = [f"- {hint}" for hint in prompt_lesson.hints()]
    examples = [
        f"**{example.title}**\n{quoted(example.prompt, EXAMPLE_UNITS)}"
        for example in prompt_lesson.examples()
    ]
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay(
                "### "
                + _("A prompt directs the picture and the sound, in this order")
                + "\n"
                + "\n".join(parts)
            ),
            ui.TextDisplay("\n".join(hints)),
            ui.Separator(),
            ui.TextDisplay("\n".join(examples)),
        )
    )
    return view
