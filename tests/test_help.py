"""`/help` names everything that can be called or pressed, to each what is open to them, on one screen."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from discord import app_commands

from bot import catalogue, language
from bot.domain import Micros
from cogs.buttons import DYNAMIC_ITEMS
from cogs.help import SCREEN_UNITS_MAX, help_view
from cogs.help_lists import Commands, Entry, buttons, commands, pressed
from cogs.library_buttons import PageButton
from cogs.making_buttons import Action, MakingButton
from cogs.review_buttons import HandOverSelect
from cogs.settle_button import SettleButton
from cogs.setup_controls import SetupButton, SetupChannelSelect, SetupGateSelect, SetupRoleSelect
from cogs.storyboard_controls import ChoiceSelect
from tests.stage import Json, Stage, open_stage, texts

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
EVERYTHING = discord.Permissions.all()
NOTHING = discord.Permissions.none()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def helped(stage: Stage, name: str, **options: str) -> Json:
    person = stage.people[name]
    return await person.answer(await person.slash("help", options, channel=stage.channel()))


def texts_of(view: discord.ui.LayoutView) -> list[str]:
    return [one.content for one in view.walk_children() if isinstance(one, discord.ui.TextDisplay)]


def long_view(*, commands_there: int) -> discord.ui.LayoutView:
    """The screen with so many commands, each described as long as Discord allows."""
    entries = [Entry(name=f"/command-{n}", does="d" * 100) for n in range(commands_there)]
    listed = Commands(of_members=entries, of_managers=entries, on_messages=entries[:5], on_people=entries[:5])
    models = catalogue.load(None, providers=frozenset({"studio", "fal"}), now=discord.utils.utcnow)
    return help_view(
        listed, buttons(EVERYTHING), models, confirm_above_micros=Micros(1_000_000), play_money=True
    )


async def test_whoever_manages_the_server_reads_every_command_and_menu_that_is_registered(
    stage: Stage,
) -> None:
    registered = await stage.mika.commands()

    shown = texts(await helped(stage, "Mika"))

    for one in registered:
        assert (f"- `/{one['name']}` " if one["type"] == SLASH else one["name"]) in shown
        for inner in one.get("options", []):
            if inner["type"] == 1:
                assert inner["name"] in shown
    assert len(shown.encode("utf-16-le")) // 2 <= SCREEN_UNITS_MAX


async def test_a_member_reads_no_command_that_only_managers_may_call(stage: Stage) -> None:
    shown = texts(await helped(stage, "Ada"))

    assert "`/generate` " in shown
    assert "`/preset` " not in shown
    assert "For those who run this server" not in shown


async def test_a_new_command_appears_by_itself(stage: Stage) -> None:
    @stage.client.tree.command(description="Dries the paint")
    async def paint(interaction: discord.Interaction) -> None:
        del interaction

    @stage.client.tree.context_menu(name="Frame it")
    async def frame(interaction: discord.Interaction, message: discord.Message) -> None:
        del interaction, message

    shown = texts(await helped(stage, "Ada"))

    assert "- `/paint` Dries the paint" in shown
    assert "Frame it" in shown


async def test_a_group_is_one_line_with_the_names_of_what_it_holds() -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        group = app_commands.Group(name="paint", description="Paint", parent=None)
        inner = app_commands.Group(name="wall", description="Walls", parent=group)

        @group.command(name="dry", description="Dries it")
        async def dry(interaction: discord.Interaction) -> None:
            del interaction

        @inner.command(name="wash", description="Washes it")
        async def wash(interaction: discord.Interaction) -> None:
            del interaction

        tree.add_command(group)

        (told,) = commands(tree, NOTHING).of_members

    assert told.name == "/paint"
    assert told.does in {"Paint (dry, wall wash)", "Paint (wall wash, dry)"}


@pytest.mark.parametrize(
    ("opens_to", "may", "sees"),
    [
        (discord.Permissions(manage_guild=True), NOTHING, False),
        (discord.Permissions(manage_guild=True), discord.Permissions(manage_guild=True), True),
        (discord.Permissions(manage_guild=True), discord.Permissions(administrator=True), True),
        (discord.Permissions.none(), discord.Permissions(manage_guild=True), False),
        (discord.Permissions.none(), discord.Permissions(administrator=True), True),
    ],
)
async def test_a_command_is_named_to_those_whom_discord_lets_call_it(
    opens_to: discord.Permissions, may: discord.Permissions, *, sees: bool
) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)

        @tree.command(description="Dries the paint")
        @app_commands.default_permissions(opens_to)
        async def paint(interaction: discord.Interaction) -> None:
            del interaction

        told = commands(tree, may)

    assert [one.name for one in told.of_managers] == (["/paint"] if sees else [])
    assert told.of_members == []


async def test_every_button_is_named_where_it_is_met_and_moderators_read_theirs(stage: Stage) -> None:
    ours = {str(MakingButton(action, stage.job(1).id).item.label) for action in Action}
    others = ("Cancel", "Details", "Advice", "Spoiler", "Delete", "Report", "Publish", "New link", "Why")
    of_moderators = {"Take down", "Keep it hidden", "Dismiss", "Approve"}

    shown = texts(await helped(stage, "Ada"))
    told = texts(await helped(stage, "Ada", topic="buttons"))

    (line,) = [one for one in shown.splitlines() if one.startswith("- Under a clip: ")]
    assert line.startswith("- Under a clip: Remix · Extend · Animate last frame · Again · Make final · ")
    for label in (*ours, *others):
        assert re.search(rf"[:·] {label}( ·|$)", shown, re.MULTILINE), label
        assert f"- **{label}** " in told
    assert not any(label in told or label in shown for label in of_moderators)
    moderator = texts(await helped(stage, "Mika", topic="buttons")).partition("**For moderators**")[2]
    assert all(f"- **{label}** " in moderator for label in of_moderators)


@pytest.mark.parametrize("code", language.LANGUAGES)
async def test_what_buttons_do_is_one_message_in_every_language(stage: Stage, code: str) -> None:
    stage.sandbox.world.user_named("Mika").locale = code

    shown = texts(await helped(stage, "Mika", topic="buttons"))

    assert len(shown.encode("utf-16-le")) // 2 <= SCREEN_UNITS_MAX
    assert shown.count("\n- **") == len(pressed(EVERYTHING))


def test_every_kind_of_button_is_told_of_but_pages_lists_and_those_of_setup_and_operators() -> None:
    told = {type(button) for button, _ in pressed(EVERYTHING)}

    assert set(DYNAMIC_ITEMS) - told == {
        PageButton,
        ChoiceSelect,
        HandOverSelect,
        SettleButton,
        SetupButton,
        SetupChannelSelect,
        SetupGateSelect,
        SetupRoleSelect,
    }


@pytest.mark.parametrize("code", language.LANGUAGES)
async def test_help_is_one_message_in_every_language(stage: Stage, code: str) -> None:
    stage.sandbox.world.user_named("Mika").locale = code

    shown = texts(await helped(stage, "Mika"))

    assert len(shown.encode("utf-16-le")) // 2 <= SCREEN_UNITS_MAX
    with language.use(code):
        assert f"/{language.named('generate')}" in shown


@pytest.mark.parametrize("count", [1, 10, 16, 30, 50])
def test_help_fits_however_many_commands_there_are_and_every_name_stays(count: int) -> None:
    view = long_view(commands_there=count)

    shown = "".join(texts_of(view))
    assert len(shown.encode("utf-16-le")) // 2 <= SCREEN_UNITS_MAX
    if count <= 30:
        assert all(f"/command-{n}" in shown for n in range(count))
    assert "**Money**" in shown
    assert "**Labels**" in shown
