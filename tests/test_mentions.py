"""No message of ours mentions anybody by its text: Discord is told so with each, whatever stands in it."""

from pathlib import Path
from typing import Any

from tests.library_scene import open_shelf
from tests.stage import Json, custom_ids, open_stage

PINGS = "@everyone @here <@&1> <@1> pings nobody"


def messages(requests: list[Any]) -> list[Json]:
    """What the bot has sent or edited as messages, of requests to the sandbox."""
    bodies = [one.body.get("data") or one.body for one in requests if isinstance(one.body, dict)]
    return [body for body in bodies if "content" in body or "components" in body]


async def test_every_message_says_that_nobody_is_mentioned_by_its_text(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as shelf:
        began = stage.sandbox.log.count

        quote = await stage.ask(stage.ada, prompt=PINGS)
        answer = await stage.answer_quote(stage.ada, quote, "yes")
        job = await shelf.clip(PINGS)
        card = await shelf.scene.card(job)
        details = next(one for one in custom_ids(card) if one.startswith("details:"))
        await stage.press(stage.bruno, card, details)
        await shelf.ask(stage.ada, "mine")

        sent = messages(stage.sandbox.log.since(began))
        assert "Ordered" in str(answer)
        assert len(sent) > 5
        assert [one["allowed_mentions"]["parse"] for one in sent] == [[]] * len(sent)
        assert not any(one["allowed_mentions"].get(kind) for one in sent for kind in ("users", "roles"))
