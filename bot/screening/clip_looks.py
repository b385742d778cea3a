"""Looks at a few frames of a finished clip before anybody sees it."""

import asyncio
import logging
import tempfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from bot.clips.stills import Stills
from bot.domain import Clip, Job, JobId
from bot.errors import ClipUnusable
from bot.operating.notices import Operator
from bot.screening.classifier import Shown, Subject
from bot.screening.screening import Screening
from bot.screening.verdict import PASSED, Outcome, Verdict, together, unavailable

log = logging.getLogger(__name__)

FRAME_SIDE_PX_MAX = 768
"""Enough to see what is shown; a request is then some 100 kB."""

REMEMBERED_MAX = 1_000
"""A clip that is not posted at once is asked about again and again; its frames are taken once."""


class ClipLooks:
    """Whether a clip may be shown without a moderator, by what its frames show.

    Args:
        stills: takes the frames, in a child process.
        operator: told of the gravest, which nobody may let pass.
        folder: where frames are for as long as they are looked at.
        frames: how many of each clip; 0 looks at none.
    """

    def __init__(
        self, screening: Screening, stills: Stills, operator: Operator, *, folder: Path, frames: int
    ) -> None:
        self._screening = screening
        self._stills = stills
        self._operator = operator
        self._folder = folder
        self._frames = frames
        self._known: OrderedDict[JobId, Verdict] = OrderedDict()

    async def look(self, job: Job, clip: Clip) -> Verdict:
        """What its frames show. It never fails: that nobody could look is a verdict too.

        What would stop a prompt lets a moderator look here, since the clip is made and paid for; the gravest
        alone is withheld wherever it was made.
        """
        if not self._frames or not self._screening.sees_pictures:
            return PASSED
        if (known := self._known.get(job.id)) is not None:
            return known
        try:
            verdict = await self._looked(job, clip)
        except (ClipUnusable, OSError) as fault:
            log.warning(
                "no frame of the clip could be taken: %s",
                fault,
                extra={"job": job.id, "code": "screening_unavailable"},
            )
            return unavailable("frames")
        if verdict.undecided:
            return verdict  # asked again, should it come to that
        if verdict.final:
            self._operator.tell(
                "clip_withheld_minors",
                f"The clip of job {job.id} may show something sexual with minors. It is withheld, nobody can "
                "approve it, and its member is not told why. Look at it with care for the law where you are.",
            )
        elif verdict.outcome is Outcome.BLOCK:
            verdict = replace(verdict, outcome=Outcome.QUEUE)
        self._known[job.id] = verdict
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return verdict

    async def _looked(self, job: Job, clip: Clip) -> Verdict:
        order = job.order
        inside = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="frames-", dir=self._folder)
        try:
            paths = await self._stills.frames(
                clip.path, Path(inside.name), count=self._frames, side_px_max=FRAME_SIDE_PX_MAX
            )
            subjects = (
                Subject(
                    text=order.prompt,
                    guild_id=order.member.guild_id,
                    channel_id=order.channel_id,
                    picture=Shown(path=path, media_type="image/jpeg"),
                )
                for path in paths
            )
            return together(
                await asyncio.gather(*(self._screening.judge_picture(subject) for subject in subjects))
            )
        finally:
            await asyncio.to_thread(inside.cleanup)
