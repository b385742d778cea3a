"""The sandbox's page, used as a person uses it: commands, buttons, forms and menus, mostly by keyboard."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from tests.page_scene import (
    MARKS,
    Scene,
    become,
    choose_command,
    message,
    open_page,
    open_scene,
    option_names,
    post_card,
)

pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path_factory.mktemp("page")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(scene: Scene) -> AsyncIterator[Page]:
    async with open_page(scene) as opened:
        yield opened


async def test_the_slash_key_lists_the_commands_that_the_bot_synced_for_this_member(
    page: Page, scene: Scene
) -> None:
    everyone = ["/animate", "/card", "/generate", "/quota", "/silent", "/storyboard"]
    await page.locator("#faults-toggle").focus()

    await page.keyboard.press("/")
    await expect(option_names(page)).to_have_text(everyone)
    await page.keyboard.press("Escape")
    await expect(page.locator("#suggestions")).to_be_hidden()
    await page.keyboard.press("Alt+3")
    await page.keyboard.press("/")

    of_managers = ["/budget alerts send", "/budget set"]
    await expect(option_names(page)).to_have_text([everyone[0], *of_managers, *everyone[1:]])
    await expect(page).to_have_url(f"{scene.sandbox.page_url}#/mika/dailies")


async def test_a_command_is_filled_by_keyboard_with_choices_a_range_and_autocomplete(
    page: Page, scene: Scene
) -> None:
    scene.bot.release.clear()
    problem = page.locator("#suggestions .problem")

    await choose_command(page, "generate")
    await page.keyboard.press("Enter")
    await expect(problem).to_have_text("This option is required.")
    await page.keyboard.type("a paper boat")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(option_names(page)).to_have_text(["Sora-2", "Veo-3", "Wan-2.2"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Add option length").press("Enter")
    await page.keyboard.type("3")
    await page.get_by_role("button", name="Add option style").press("Enter")
    await page.keyboard.type("wash")
    await expect(option_names(page)).to_have_text(["Ink wash"])
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(problem).to_have_text("This must be at least 4.")
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")

    await expect(message(page, "Dailies is thinking")).to_contain_text("Ada used /generate")
    scene.bot.release.set()
    answer = message(page, "Order: a paper boat / veo-3 / 12 / ink wash")
    await expect(answer).to_contain_text("Only you can see this")
    await expect(page.locator("#composer-input")).to_be_focused()


async def test_a_command_typed_faster_than_the_list_comes_is_sent_with_two_enters(page: Page) -> None:
    await page.locator("#composer-input").focus()

    await page.keyboard.type("/quota")
    await page.keyboard.press("Enter")
    await expect(page.locator("#suggestions .note")).to_contain_text("Enter sends, Tab goes to the options")
    await page.keyboard.press("Enter")
    await expect(message(page, "Left for None: $12.40")).to_be_visible()
    await choose_command(page, "quota")
    await page.keyboard.press("Tab")
    await expect(page.locator("#suggestions .note")).to_contain_text("Enter adds it")
    await page.keyboard.press("Enter")
    await page.keyboard.type("mika")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    await expect(message(page, "Left for mika: $12.40")).to_be_visible()


async def test_files_are_attached_by_the_picker_and_by_pasting(page: Page) -> None:
    frame = FilePayload(name="frame.png", mimeType="image/png", buffer=b"\x89PNG" * 10)

    await choose_command(page, "animate")
    async with page.expect_file_chooser() as choosing:
        await page.keyboard.press("Enter")
    await (await choosing.value).set_files(files=[frame])
    await page.keyboard.press("Enter")
    await expect(message(page, "Picture frame.png, 40 bytes, None")).to_be_visible()
    await choose_command(page, "animate")
    await page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(["twelve bytes"], "pasted.png", { type: "image/png" }));
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    await page.keyboard.press("Enter")

    await expect(message(page, "Picture pasted.png, 12 bytes, None")).to_be_visible()


async def test_a_pressed_button_is_answered_to_the_one_who_pressed_it_alone(page: Page, scene: Scene) -> None:
    _, card = await post_card(page, scene)
    secret = message(page, "Again by ada")

    await card.get_by_role("button", name="Again").press("Enter")
    await expect(secret).to_contain_text("Only you can see this")
    await page.get_by_role("radio", name="Bruno").check(force=True)
    await expect(page).to_have_title("Bruno · The cutting room")
    await expect(card).to_contain_text("A paper boat")
    seen_by_bruno = await secret.count()
    await page.get_by_role("radio", name="Ada").check(force=True)
    await secret.get_by_role("button", name="Dismiss").click()

    assert seen_by_bruno == 0
    await expect(secret).to_have_count(0)


async def test_a_select_is_opened_and_chosen_from_by_keyboard(page: Page, scene: Scene) -> None:
    _, card = await post_card(page, scene)
    select = card.get_by_role("button", name="Another shape")

    await select.press("Enter")
    await expect(page.locator(".chooser [role=option]")).to_have_text(["Landscape", "Portrait", "Square"])
    await page.keyboard.type("po")
    await page.keyboard.press("Enter")

    await expect(message(page, "Shape Portrait")).to_be_visible()
    await expect(select).to_be_focused()


async def test_an_interaction_that_the_bot_does_not_answer_is_shown_as_failed(
    page: Page, scene: Scene
) -> None:
    _, card = await post_card(page, scene)
    fail = card.get_by_role("button", name="Fail")

    await choose_command(page, "silent")
    await page.keyboard.press("Enter")
    await expect(message(page, "Sending command")).to_contain_text("Ada used /silent")
    await fail.click()
    await expect(fail).to_have_attribute("aria-busy", "true")

    await expect(message(page, "This interaction failed")).to_contain_text("The application did not respond")
    await expect(card.locator(".failure")).to_contain_text("This interaction failed")
    await expect(fail).not_to_have_attribute("aria-busy", "true")


async def test_a_form_is_filled_and_submitted(page: Page) -> None:
    form = page.locator("dialog[open]")
    frame = FilePayload(name="first.png", mimeType="image/png", buffer=b"12345")

    await choose_command(page, "storyboard")
    await page.keyboard.press("Enter")
    line = form.get_by_role("textbox", name="Subject and action")
    await expect(line).to_be_focused()
    await page.keyboard.type("Boat")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".problem:not(:empty)")).to_have_text(
        ["At least 5 characters; these are 4.", "This field is required.", "This field is required."]
    )
    await line.fill("A boat")
    await form.get_by_role("radio", name="Pan").check()
    await form.get_by_role("checkbox", name="Rain").check()
    async with page.expect_file_chooser() as choosing:
        await form.locator(".upload").press("Enter")
    await (await choosing.value).set_files(files=[frame])
    await form.get_by_role("button", name="Submit").click()

    await expect(message(page, "Brief: A boat / pan / rain / first.png of 5 bytes")).to_be_visible()
    await expect(form).to_have_count(0)


async def test_a_message_has_a_menu_with_the_synced_message_commands(page: Page, scene: Scene) -> None:
    sent = await scene.channel.send("Take me")
    await message(page, "Take me").click(button="right")

    await page.get_by_role("menuitem", name="Remix this clip").click()
    await expect(message(page, f"Remix of {sent.id}")).to_contain_text("Ada used Remix this clip")
    await message(page, "Take me").get_by_role("button", name="Apps").press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Remix this clip", "Note on this"])
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Escape")
    await page.locator("#composer-input").press("ArrowUp")
    await page.keyboard.press("Shift+F10")
    await page.keyboard.press("r")

    await expect(page.get_by_role("menuitem", name="Remix this clip")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("li.message").last).to_be_focused()


async def test_a_reaction_counts_everybody_and_is_taken_back_by_pressing_it(page: Page, scene: Scene) -> None:
    sent = await scene.channel.send("Applause?")
    await sent.add_reaction("🎬")
    pill = message(page, "Applause?").locator(".reaction")
    await expect(pill).to_have_attribute("aria-label", "🎬, 1 reaction")

    await pill.click()
    await expect(pill).to_have_attribute("aria-label", "🎬, 2 reactions")
    await expect(pill).to_have_attribute("aria-pressed", "true")
    await pill.click()

    await expect(pill).to_have_attribute("aria-label", "🎬, 1 reaction")


async def test_the_manager_sets_a_limit_with_a_subcommand_and_a_member_option(
    page: Page, scene: Scene
) -> None:
    await become(page, scene, "mika")

    await choose_command(page, "budget set")
    await page.keyboard.type("bru")
    await page.keyboard.press("Enter")
    await page.keyboard.type("12.5")
    await page.keyboard.press("Enter")

    await expect(message(page, "may spend $12.50")).to_contain_text("@Bruno may spend")


async def test_a_message_s_menu_opens_a_form_whose_lists_are_chosen_from(page: Page, scene: Scene) -> None:
    sent = await scene.channel.send("Look at this")
    form = page.locator("dialog[open]")

    await message(page, "Look at this").click(button="right")
    await page.get_by_role("menuitem", name="Note on this").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".problem:not(:empty)")).to_have_text(["This field is required."])
    await form.get_by_role("button", name="What is said").press("Enter")
    for typed in ("light", "sound"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await form.get_by_role("button", name="Where").press("Enter")
    await page.keyboard.type("showc")
    await page.keyboard.press("Enter")
    await form.get_by_role("button", name="Submit").click()

    await expect(message(page, f"Note on {sent.id}: Great light and Good sound, showcase")).to_be_visible()
    await expect(form).to_have_count(0)


async def test_a_command_in_a_group_takes_a_channel_a_role_and_a_truth(page: Page, scene: Scene) -> None:
    await become(page, scene, "mika")

    await choose_command(page, "budget alerts send")
    for typed in ("showc", "manag", "tr"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    told = message(page, "Warnings go loudly to")
    await expect(told).to_contain_text("Warnings go loudly to #showcase, managers.")
    await expect(told).to_contain_text("Mika used /budget alerts send")
