"""From a report that hides a clip to the moment when its message shows it no more, for one clip and for ten.

    python -m tests.bench.hiding

Over the sandbox, with real sockets and Discord's own limits of requests: from the sending of the form to the
event by which every client sees that the message has changed.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from bot.sandbox.person import Person
from tests.showing_scene import Scene, open_scene
from tests.stage import Json, custom_ids, open_stage, walk
from tests.test_shown import name_channel
from tests.test_takedowns import one_more

CLIPS = 10


async def hidden_after_s(scene: Scene, reports: list[tuple[Person, Json]]) -> list[float]:
    """How long each takes, in seconds, where all forms are sent at once."""
    forms = []
    for person, message in reports:
        (custom_id,) = [one for one in custom_ids(message) if one.startswith("clip:report")]
        forms.append((person, message, await person.modal(await person.press(message, custom_id))))

    async def one(person: Person, message: Json, modal: Json) -> float:
        began = time.perf_counter()
        sent = await person.submit(modal, {"reason": "intimate", "words": ""})
        await person.wait_for_message(
            lambda now: bool(now["id"] == message["id"] and not _shows_a_clip(now)),
            since=sent.mark,
            timeout_s=60,
        )
        return time.perf_counter() - began

    return sorted(await asyncio.gather(*(one(*form) for form in forms)))


def _shows_a_clip(message: Json) -> bool:
    return any(part["type"] == 12 for part in walk(message["components"])) or bool(message["attachments"])


async def report() -> None:
    """Print it for one clip, then for ten that are reported together."""
    for count in (1, CLIPS):
        with tempfile.TemporaryDirectory(prefix="dailies-hiding-") as scratch:
            folder = Path(scratch)
            async with open_stage(folder) as stage, open_scene(stage, folder) as scene:
                await name_channel(scene)
                people = [stage.bruno, stage.mika]
                clips = [await scene.message(await one_more(scene)) for _ in range(count)]
                took = await hidden_after_s(
                    scene, [(people[number % 2], clip) for number, clip in enumerate(clips)]
                )
        print(f"report to hidden, {count:2d} clips: first {took[0]:6.3f} s   last {took[-1]:6.3f} s")


if __name__ == "__main__":
    asyncio.run(report())
