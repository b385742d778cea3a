"""`/privacy` on the stage."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.domain import GuildId
from bot.ids import Ids
from bot.privacy.erasing import Erasing
from bot.privacy.export_links import ExportLinks
from bot.privacy.exporting import Exporting
from bot.privacy.policy import policy
from bot.settings import Settings
from cogs.privacy import Privacy, privacy
from tests.showing_scene import Scene
from tests.stage import Json


class Till:
    """The scene with `/privacy`, whose erasing goes on when a test says so."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.stage, self.folder = scene, scene.stage, folder
        bits = iter(range(1, 10_000))
        ids = Ids(self.stage.clock, lambda _: next(bits))
        self.erasing = Erasing(
            self.stage.database,
            folder=folder,
            ids=ids,
            random_bits=lambda _: 9,
            now=self.stage.clock,
            wake=scene.removals.wake,
            cancelled=lambda _: None,
        )
        self.limit = 20 << 20
        self.links: ExportLinks | None = None
        self.ids = ids

    async def _limit(self, guild_id: GuildId) -> int:
        return min(self.limit, await self.scene.packing.limit(guild_id))

    async def open(self) -> None:
        config = Settings(data_dir=self.folder)
        desk = Privacy(
            partial(policy, config, {"studio", "fal"}, "Run by Mika, mika@example.org"),
            Exporting(self.stage.database, folder=self.folder, now=self.stage.clock),
            self.erasing,
            limit=self._limit,
            refused=self.scene.packing.refused,
            new_name=self.ids.new,
            links=self.links,
        )
        self.stage.client.privacy = desk
        self.stage.client.tree.add_command(privacy(desk))
        await self.stage.client.tree.sync()

    async def ask(self, what: str) -> Json:
        ada = self.stage.ada
        return await ada.answer(await ada.slash(f"privacy {what}", channel=self.stage.channel()))

    async def settle(self) -> None:
        for _ in range(4):
            await self.erasing.once()
            jobs = [job.id for job in await self.stage.rows()]
            await self.scene.removals.settled(jobs, within_s=5)
            self.stage.clock.advance(timedelta(minutes=1))
