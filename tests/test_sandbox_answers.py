"""What the sandbox answers is what Discord's own description says that Discord answers."""

from pathlib import Path
from typing import Any

from tests import openapi
from tests.sandboxes import RawBot, person, raw_bot, running

V2 = 1 << 15
ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Press", "custom_id": "b"}]}
SELECT = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]}
LAYOUT = {
    "type": 17,
    "components": [
        {"type": 12, "items": [{"media": {"url": "attachment://c.mp4"}}]},
        {"type": 13, "file": {"url": "attachment://c.mp4"}},
        {"type": 14},
        {"type": 10, "content": "hello"},
        {
            "type": 9,
            "components": [{"type": 10, "content": "hello"}],
            "accessory": {"type": 11, "media": {"url": "https://example.org/a.png"}},
        },
        {"type": 1, "components": [SELECT]},
    ],
}


async def read_everything(bot: RawBot, user_id: str) -> None:
    guild = f"/guilds/{bot.sandbox.world.guild.id}"
    application = f"/applications/{bot.application_id}"
    paths = ["/users/@me", "/users/@me/guilds", f"/users/{user_id}", "/gateway", "/gateway/bot"]
    paths += ["/oauth2/applications/@me", "/applications/@me", f"{application}/emojis"]
    paths += [guild, f"{guild}/channels", f"{guild}/roles", f"{guild}/members", f"{guild}/emojis"]
    paths += [f"{guild}/members/{user_id}", f"{guild}/threads/active", f"{application}/commands"]
    for path in paths:
        assert (await bot.call("GET", path)).status == 200


async def write_everything(bot: RawBot, channel: str, user_id: str) -> dict[str, Any]:
    """One message of each kind; the one with a button is given back."""
    card: dict[str, Any] = (
        await bot.post(
            "dailies",
            {"content": f"<@{user_id}>", "nonce": "1", "components": [ROW]},
            files={"a.txt": b"x"},
        )
    ).body
    reply = {"embeds": [{"title": "x"}], "message_reference": {"message_id": card["id"]}}
    await bot.post("dailies", reply)
    await bot.post("dailies", {"flags": V2, "components": [LAYOUT]}, files={"c.mp4": b"x"})
    one = f"/channels/{channel}/messages/{card['id']}"
    await bot.call("PUT", f"{one}/reactions/⭐/@me")
    await bot.call("GET", f"{one}/reactions/⭐")
    await bot.call("PATCH", one, {"content": "edited"})
    await bot.call("POST", f"{one}/threads", {"name": "takes"})
    await bot.call("GET", f"/channels/{channel}/messages")
    await bot.call("GET", f"/channels/{channel}")
    await bot.call("POST", "/users/@me/channels", {"recipient_id": user_id})
    return card


async def test_every_answer_fits_discords_description(tmp_path: Path) -> None:
    described = openapi.description()
    async with running(tmp_path) as sandbox, raw_bot(sandbox) as bot, person(sandbox) as ada:
        channel = ada.channel("dailies")
        option = {"type": 3, "name": "model", "description": "Which.", "autocomplete": True}
        await bot.sync({"name": "generate", "description": "Make it.", "options": [option]})
        await bot.call("POST", f"/applications/{bot.application_id}/commands", {"type": 3, "name": "Remix"})
        await read_everything(bot, ada.id)
        card = await write_everything(bot, channel, ada.id)
        answers: list[dict[str, Any]] = [{"type": 4, "data": {"content": "x"}}, {"type": 5}]
        for answer in answers:
            await ada.slash("generate", channel=channel)
            asked = await bot.next("INTERACTION_CREATE")
            await bot.answer(asked, answer)
            await bot.hook("POST", asked, "?wait=1", {"content": "x"})
            await bot.hook("GET", asked, "/messages/@original")
            await bot.hook("PATCH", asked, "/messages/@original", {"content": "y"})
        for answer in ({"type": 6}, {"type": 7, "data": {"content": "z"}}):
            await ada.press(card, "b")
            await bot.answer(await bot.next("INTERACTION_CREATE"), answer)
        await bot.post("dailies", {"content": "x" * 2001})
        await bot.post("read-only", {"content": "x"})

    wrong = [one for answer in bot.answered for one in described.complaints_of_answer(*answer)]
    assert wrong == []
    assert len(bot.answered) > 35
