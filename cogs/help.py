"""`/help`: what this bot is, on one screen."""

from collections.abc import Iterator, Sequence
from typing import Any

from discord import app_commands, ui
from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind, Micros
from bot.language import _, ngettext
from bot.money import format_usd
from bot.ordering import prompt_lesson
from bot.quoting import escaped, quoted, shortened, units
from cogs import help_lists, sentences
from cogs.answers import Interaction, acknowledge, answer
from cogs.help_lists import Buttons, Commands, Entry
from cogs.whereabouts import Where, where

SCREEN_UNITS_MAX = 4_000
"""Of all text of one message made of components, in UTF-16 units, the most cautious way to count it.
https://docs.discord.com/developers/components/reference#text-display"""

MODELS_SHOWN = 10
NAMES_UNITS_MAX = 600
"""Of each list of names alone, which is what is left of it where the screen is too small for more."""

EXAMPLE_UNITS = 600
PROMPTS, BUTTONS = "prompts", "buttons"


def help_(
    catalogue: Catalogue, *, confirm_above_micros: Micros, play_money: bool
) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(interaction: Interaction, topic: str | None = None) -> None:
        await acknowledge(interaction)
        may, place = interaction.permissions, where(interaction)
        outside = place is not Where.SERVER
        if topic == PROMPTS:
            view = prompts_view()
        elif topic == BUTTONS:
            view = buttons_view(help_lists.buttons(may, outside=outside))
        else:
            view = help_view(
                help_lists.commands(interaction.client.tree, may, outside=outside),
                help_lists.buttons(may, outside=outside),
                catalogue,
                confirm_above_micros=confirm_above_micros,
                play_money=play_money,
                place=place,
            )
        await answer(interaction, view)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="help",
        description="What this bot does, what it costs and what its labels mean",
        callback=callback,
    )
    app_commands.describe(topic=locale_str("One matter in detail; all of it in short if you leave this out"))(
        command
    )
    app_commands.choices(
        topic=[
            Choice(name=locale_str("prompts"), value=PROMPTS),
            Choice(name=locale_str("buttons"), value=BUTTONS),
        ]
    )(command)
    return command


def help_view(
    commands: Commands,
    buttons: Sequence[Buttons],
    catalogue: Catalogue,
    *,
    confirm_above_micros: Micros,
    play_money: bool,
    place: Where = Where.SERVER,
) -> ui.LayoutView:
    """The one screen: what there is to be called and pressed, then money, models and labels.

    Where all of it is too much, models are left out first, then what commands do; every name stays.
    """
    labels = _(
        "**Labels** Every clip says what made it: *AI-generated*, or *storyboard, not AI* for our own "
        "drawings."
    )
    money = _money(confirm_above_micros, play_money=play_money)
    for models, told_commands in _shorter_and_shorter():
        texts = [
            _intro(place),
            _limits(place),
            *_commands(commands, told=told_commands),
            _buttons(buttons),
            money,
            _models(catalogue, most=models),
            labels,
        ]
        if sum(map(units, texts)) <= SCREEN_UNITS_MAX:
            break
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(ui.TextDisplay(text) for text in texts if text)))
    return view


def _intro(place: Where) -> str:
    if place is Where.ASIDE:
        return _(
            "### Dailies makes video with sound from your words\n"
            "Say what is seen, what moves, and what is heard; `/help prompts` shows how. This bot may not "
            "post here: you alone see the clip, in the answer to your order for 15 minutes and later in "
            "`/clips`."
        )
    return _(
        "### Dailies makes video with sound from your words\n"
        "Say what is seen, what moves, and what is heard; `/help prompts` shows how. A card in the channel "
        "follows each order, and the clip is posted as a reply to it."
    )


def _limits(place: Where) -> str:
    """What there is in servers alone, said where there is none."""
    if place is Where.SERVER:
        return ""
    return _(
        "**Outside servers** There is no library of a server, no preset, no shared character and no "
        "publishing. Orders are paid from a budget of your own, and none of a server."
    )


def _shorter_and_shorter() -> Iterator[tuple[int, bool]]:
    """How many models are named, and whether it is told what commands do."""
    yield from ((models, True) for models in range(MODELS_SHOWN, 1, -1))
    yield from ((1, True), (1, False))


def _commands(commands: Commands, *, told: bool) -> list[str]:
    """What there is to be called, by where that is."""
    return [
        _listed(_("**Commands**"), commands.of_members, told=told),
        _listed(_("**For those who run this server**"), commands.of_managers, told=told),
        _listed(_("**In a message's menu, under Apps**"), commands.on_messages, told=False),
        _listed(_("**In a member's menu, under Apps**"), commands.on_people, told=False),
    ]


def _listed(title: str, entries: Sequence[Entry], *, told: bool) -> str:
    """A list with a title: a line each, or all names in one."""
    if not entries:
        return ""
    if told:
        return "\n".join((title, *(f"- `{one.name}` {one.does}" for one in entries)))
    return f"{title} {shortened(' · '.join(one.name for one in entries), NAMES_UNITS_MAX)}"


def _buttons(places: Sequence[Buttons]) -> str:
    """A line for each place: the names say themselves most of what they do, a topic tells the rest."""
    title = _("**Buttons** `/help buttons` tells what each of them does")
    lines = [f"- {one.where}: {' · '.join(entry.name for entry in one.entries)}" for one in places]
    return "\n".join((title, *lines))


def buttons_view(places: Sequence[Buttons]) -> ui.LayoutView:
    """Every button by where it is met, a line each."""
    texts = [
        "\n".join((f"**{one.where}**", *(f"- **{entry.name}** {entry.does}" for entry in one.entries)))
        for one in places
    ]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("### " + _("What there is to press")), *map(_text, texts)))
    return view


def _text(content: str) -> ui.TextDisplay[Any]:
    return ui.TextDisplay(content)


def _money(confirm_above_micros: Micros, *, play_money: bool) -> str:
    told = [
        _(
            "An order of more than {price} names its price and asks for your yes; a smaller one starts at "
            "once. The price is set aside when you order and charged when the clip is made. If none is made "
            "it comes back, but for what a provider bills all the same. No order can go over your budget."
        ).format(price=format_usd(confirm_above_micros))
    ]
    if play_money:
        told.insert(0, _("Prices here are play money: nobody pays them."))
    return _("**Money** {told}").format(told=" ".join(told))


def _models(catalogue: Catalogue, *, most: int) -> str:
    rows = catalogue.models(Kind.GENERATE)
    lines = [
        f"- **{escaped(row.name)}** ({sentences.made_by(row.label)}): {escaped(_(row.about))}"
        for row in rows[:most]
    ]
    if (more := len(rows) - most) > 0:
        told = ngettext(
            "and {n} more; type in the option for the model to find it",
            "and {n} more; type in the option for the model to find them",
            more,
        )
        lines.append(f"- {told.format(n=more)}")
    return _("**Models**") + "\n" + ("\n".join(lines) or _("None can be ordered at the moment."))


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
