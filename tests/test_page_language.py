"""The language of a member's Discord, chosen on the sandbox's page: the picker's, and the bot's answers."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.page_scene import MARKS, Scene, become, open_page, open_scene, option_names

pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path_factory.mktemp("language")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(scene: Scene) -> AsyncIterator[Page]:
    async with open_page(scene) as opened:
        yield opened


async def test_the_picker_and_the_bot_speak_the_language_that_a_member_chose(
    page: Page, scene: Scene
) -> None:
    await page.get_by_label("Your Discord speaks").select_option("de")
    await expect(page.locator("#composer-input")).to_be_focused()

    await page.keyboard.type("/kon")
    await expect(option_names(page)).to_have_text(["/kontingent"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".command-form")).to_contain_text("/kontingent")
    await page.keyboard.press("Enter")

    await expect(page.locator("li.message").last).to_contain_text("locale: de")
    assert scene.sandbox.world.user_named("Ada").locale == "de"


async def test_each_member_has_their_own_language(page: Page, scene: Scene) -> None:
    await page.get_by_label("Your Discord speaks").select_option("ja")
    await expect(page.locator("#composer-input")).to_be_focused()
    await become(page, scene, "bruno")

    await expect(page.get_by_label("Your Discord speaks")).to_have_value("en-US")
    await become(page, scene, "ada")
    await expect(page.get_by_label("Your Discord speaks")).to_have_value("ja")
    await page.get_by_label("Your Discord speaks").select_option("en-US")
    await expect(page.locator("#composer-input")).to_be_focused()
