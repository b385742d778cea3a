"""The paths of the video API, and what each of them does."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.studio import wire
from bot.studio.characters import CastFull, Character, Characters
from bot.studio.given import (
    PICTURE_BYTES_MAX,
    VIDEO_BYTES_MAX,
    UnreadablePicture,
    UnreadableVideo,
    VideoFacts,
    keep_picture,
    video_facts,
)
from bot.studio.jobs import Job, Jobs, Status
from bot.studio.queue import Queue
from bot.studio.spec import (
    CLIP,
    SECONDS_TOTAL_MAX,
    SEED_MAX,
    SPRITESHEET,
    THUMBNAIL,
    CastMember,
    Segment,
    Spec,
)
from bot.studio.uploads import Body, body_of
from bot.studio.wire import ApiRefusal

EXTENSIONS_MAX = 6  # of one clip, as in OpenAI's guide
_EARLIER_MAX = 8  # prompts of a clip's ancestors that a remix goes back to
_LIST_MAX = 100
_POLL_AFTER_MS = 500  # what OpenAI's own clients read from the header openai-poll-after-ms
_PICTURE = "picture.png"
_COMMON = ("prompt", "seed", "idempotency_key", "metadata")
_VARIANTS = {
    "video": (CLIP, "video/mp4"),
    "thumbnail": (THUMBNAIL, "image/webp"),
    "spritesheet": (SPRITESHEET, "image/jpeg"),
}


class Routes:
    def __init__(
        self,
        jobs: Jobs,
        queue: Queue,
        characters: Characters,
        models: Sequence[str],
        spool: Path,
        created: int,
    ) -> None:
        """`spool` is where uploads wait; `created` is the models' age, in Unix seconds."""
        self._jobs, self._queue, self._characters = jobs, queue, characters
        self._models, self._spool, self._created = models, spool, created
        # One upload is decoded at a time: a large picture takes some hundred megabytes meanwhile.
        self._checking = asyncio.Lock()

    def table(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/models", self.models),
            web.get("/v1/models/{id}", self.model),
            web.post("/v1/videos", self.create),
            web.get("/v1/videos", self.listed),
            web.post("/v1/videos/edits", self.edit),
            web.post("/v1/videos/extensions", self.extend),
            web.post("/v1/videos/characters", self.add_character),
            web.get("/v1/videos/characters/{id}", self.character),
            web.delete("/v1/videos/characters/{id}", self.remove_character),
            web.get("/v1/videos/{id}", self.video),
            web.delete("/v1/videos/{id}", self.delete),
            web.get("/v1/videos/{id}/content", self.content),
            web.post("/v1/videos/{id}/remix", self.remix),
        ]

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [self._model(name) for name in self._models]})

    async def model(self, request: web.Request) -> web.Response:
        return web.json_response(
            self._model(wire.model_of({"model": request.match_info["id"]}, self._models))
        )

    async def create(self, request: web.Request) -> web.Response:
        async with await body_of(request, self._spool, {"input_reference": PICTURE_BYTES_MAX}) as body:
            known = (*_COMMON, "model", "seconds", "size", "characters", "input_reference")
            wire.no_other_fields(body.fields, known)
            model, prompt = wire.model_of(body.fields, self._models), wire.prompt_of(body.fields)
            width, height = wire.size_of(body.fields)
            cast = [self._character(character_id) for character_id in wire.character_ids_of(body.fields)]
            spec = Spec(
                width=width,
                height=height,
                seed=wire.seed_of(body.fields, secrets.randbelow(SEED_MAX + 1)),
                segments=(Segment(prompt=prompt, seconds=wire.seconds_of(body.fields)),),
                picture=_PICTURE if "input_reference" in body.files else None,
                cast=tuple(CastMember(name=one.name, picture=f"{one.id}.png") for one in cast),
            )
            files = {f"{one.id}.png": self._characters.face(one) for one in cast}
            if "input_reference" in body.files:
                files[_PICTURE] = await self._kept_picture(body)
            return await self._placed(body, model=model, prompt=prompt, spec=spec, files=files)

    async def remix(self, request: web.Request) -> web.Response:
        source = self._completed(request.match_info["id"], "video_id")
        async with await body_of(request, self._spool, {}) as body:
            wire.no_other_fields(body.fields, _COMMON)
            return await self._remixed(body, source)

    async def edit(self, request: web.Request) -> web.Response:
        """An edit of a clip of ours is its remix; an uploaded video's own frames are drawn over."""
        async with await body_of(request, self._spool, {"video": VIDEO_BYTES_MAX}) as body:
            wire.no_other_fields(body.fields, (*_COMMON, "video"))
            if "video" not in body.files:
                return await self._remixed(body, self._completed(wire.video_id_of(body.fields), "video"))
            prompt = wire.prompt_of(body.fields)
            spec, files = await self._over_video(body, prompt)
            return await self._placed(body, model=self._models[0], prompt=prompt, spec=spec, files=files)

    async def extend(self, request: web.Request) -> web.Response:
        """The source drawn again, and on: the clip is as long as both together."""
        async with await body_of(request, self._spool, {"video": VIDEO_BYTES_MAX}) as body:
            wire.no_other_fields(body.fields, (*_COMMON, "seconds", "video"))
            prompt = wire.prompt_of(body.fields)
            more = Segment(prompt=prompt, seconds=wire.seconds_of(body.fields, needed=True))
            if "video" in body.files:
                spec, files = await self._over_video(body, prompt)
                model, extensions = self._models[0], 1
            else:
                source = self._completed(wire.video_id_of(body.fields), "video")
                spec, files, model, extensions = (
                    source.spec,
                    self._files(source),
                    source.model,
                    source.extensions + 1,
                )
            spec = replace(spec, segments=(*spec.segments, more), seed=wire.seed_of(body.fields, spec.seed))
            if spec.seconds > SECONDS_TOTAL_MAX or extensions > EXTENSIONS_MAX:
                limit = f"{EXTENSIONS_MAX} extensions and {SECONDS_TOTAL_MAX} seconds in all"
                raise ApiRefusal(f"A clip can have {limit}.", param="seconds", code="video_too_long")
            return await self._placed(
                body, model=model, prompt=prompt, spec=spec, files=files, extensions=extensions
            )

    async def add_character(self, request: web.Request) -> web.Response:
        async with await body_of(request, self._spool, {"video": VIDEO_BYTES_MAX}) as body:
            wire.no_other_fields(body.fields, ("name",))
            name = wire.name_of(body.fields)
            if "video" not in body.files:
                raise ApiRefusal(
                    "Send the video as a file.", param="video", code="missing_required_parameter"
                )
            try:
                await self._named_video(body)
                character = await self._characters.add(name, body.files["video"])
            except UnreadableVideo as error:
                raise ApiRefusal(str(error), param="video", code="invalid_video") from error
            except CastFull as error:
                raise ApiRefusal(
                    "This studio has no room for more characters.", code="characters_full"
                ) from error
            return web.json_response(_character_body(character))

    async def character(self, request: web.Request) -> web.Response:
        return web.json_response(_character_body(self._character(request.match_info["id"])))

    async def remove_character(self, request: web.Request) -> web.Response:
        """Ours alone: OpenAI has no such call. Clips that were ordered before keep the face they have."""
        character = self._character(request.match_info["id"])
        await self._characters.remove(character)
        return web.json_response({"id": character.id, "object": "character.deleted", "deleted": True})

    async def listed(self, request: web.Request) -> web.Response:
        limit, order = request.query.get("limit", "20"), request.query.get("order", "desc")
        if not limit.isascii() or not limit.isdigit() or len(limit) > 3 or int(limit) > _LIST_MAX:
            raise ApiRefusal(
                f"'limit' must be a whole number from 0 to {_LIST_MAX}.", param="limit", code="invalid_value"
            )
        if order not in ("asc", "desc"):
            raise ApiRefusal("'order' must be asc or desc.", param="order", code="invalid_value")
        jobs = self._jobs.all()
        if order == "desc":
            jobs.reverse()
        if (after := request.query.get("after")) is not None:
            start = next((place for place, job in enumerate(jobs, 1) if job.id == after), None)
            if start is None:
                raise ApiRefusal(f"No video '{after}' to go on after.", param="after", code="invalid_value")
            jobs = jobs[start:]
        page = [wire.resource_of(job) for job in jobs[: int(limit)]]
        ends = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        body = {
            "object": "list",
            "data": page,
            "first_id": ends[0],
            "last_id": ends[1],
            "has_more": len(jobs) > len(page),
        }
        return web.json_response(body)

    async def video(self, request: web.Request) -> web.Response:
        job = self._jobs.get(request.match_info["id"])
        if job is None or (job.removed and job.status is not Status.CANCELLED):
            raise _no_video(request.match_info["id"])
        headers = {} if job.status.ended else {"openai-poll-after-ms": str(_POLL_AFTER_MS)}
        return web.json_response(wire.resource_of(job), headers=headers)

    async def content(self, request: web.Request) -> web.StreamResponse:
        job = self._completed(request.match_info["id"], "video_id")
        variant = request.query.get("variant", "video")
        if variant not in _VARIANTS:
            raise ApiRefusal(
                f"'variant' must be one of {', '.join(_VARIANTS)}.", param="variant", code="invalid_value"
            )
        name, kind = _VARIANTS[variant]
        extension = name.rpartition(".")[2]
        headers = {"Content-Type": kind, "Content-Disposition": f'inline; filename="{job.id}.{extension}"'}
        return web.FileResponse(self._jobs.folder(job) / name, headers=headers)

    async def delete(self, request: web.Request) -> web.Response:
        job = self._found(request.match_info["id"])
        await self._queue.stop(job)
        await self._jobs.remove(job)
        return web.json_response({"id": job.id, "object": "video.deleted", "deleted": True})

    async def _remixed(self, body: Body, source: Job) -> web.Response:
        """The source drawn again: as the new prompt says, and as the old one where it says nothing."""
        prompt = wire.prompt_of(body.fields)
        old = source.spec
        # Over a video, its own frames keep their length; otherwise the new words have the whole clip.
        lengths = [segment.seconds for segment in old.segments] if old.video else [old.seconds]
        spec = replace(
            old,
            segments=tuple(Segment(prompt=prompt, seconds=seconds) for seconds in lengths),
            earlier=(*(segment.prompt for segment in reversed(old.segments)), *old.earlier)[:_EARLIER_MAX],
            seed=wire.seed_of(body.fields, old.seed),
        )
        files = self._files(source)
        return await self._placed(
            body, model=source.model, prompt=prompt, spec=spec, files=files, remixed_from=source.id
        )

    async def _over_video(self, body: Body, prompt: str) -> tuple[Spec, dict[str, Path]]:
        try:
            facts = await self._named_video(body)
        except UnreadableVideo as error:
            raise ApiRefusal(str(error), param="video", code="invalid_video") from error
        width, height = wire.nearest_size(facts.width, facts.height)
        name = f"video{facts.suffix}"
        spec = Spec(
            width=width,
            height=height,
            seed=wire.seed_of(body.fields, secrets.randbelow(SEED_MAX + 1)),
            segments=(Segment(prompt=prompt, seconds=wire.nearest_seconds(facts.seconds)),),
            video=name,
        )
        return spec, {name: body.files["video"]}

    async def _named_video(self, body: Body) -> VideoFacts:
        """Check the uploaded video, and give its file the name that says which kind it is."""
        async with self._checking:
            facts = await asyncio.to_thread(video_facts, body.files["video"])
        body.files["video"] = await asyncio.to_thread(
            body.files["video"].rename, body.files["video"].with_suffix(facts.suffix)
        )
        return facts

    async def _kept_picture(self, body: Body) -> Path:
        kept = body.files["input_reference"].with_suffix(".png")
        try:
            async with self._checking:
                await asyncio.to_thread(keep_picture, body.files["input_reference"], kept)
        except UnreadablePicture as error:
            raise ApiRefusal(str(error), param="input_reference", code="invalid_picture") from error
        finally:
            body.files["kept picture"] = kept  # deleted with the upload
        return kept

    async def _placed(
        self,
        body: Body,
        *,
        model: str,
        prompt: str,
        spec: Spec,
        files: dict[str, Path],
        remixed_from: str | None = None,
        extensions: int = 0,
    ) -> web.Response:
        key, metadata = wire.key_of(body.fields), wire.metadata_of(body.fields)
        if self._queue.full and (key is None or self._jobs.by_key(key) is None):
            raise ApiRefusal(
                "This studio has as many jobs as it takes.", code="rate_limit_exceeded", status=429
            )
        try:
            job, new = await self._jobs.place(
                model=model,
                prompt=prompt,
                spec=spec,
                files=files,
                remixed_from=remixed_from,
                extensions=extensions,
                idempotency_key=key,
                metadata=metadata,
            )
        except FileNotFoundError as error:  # the source was deleted in this moment
            raise ApiRefusal(
                "The source is gone.", param="video_id", code="video_not_found", status=404
            ) from error
        if new:
            self._queue.add(job)
        return web.json_response(wire.resource_of(job))

    def _files(self, job: Job) -> dict[str, Path]:
        """The files that a job's spec names, for another job that goes on from it."""
        names = [job.spec.picture, job.spec.video, *(member.picture for member in job.spec.cast)]
        return {name: self._jobs.folder(job) / name for name in names if name is not None}

    def _found(self, video_id: str) -> Job:
        job = self._jobs.get(video_id)
        if job is None or job.removed:
            raise _no_video(video_id)
        return job

    def _completed(self, video_id: str, param: str) -> Job:
        job = self._found(video_id)
        if job.status is not Status.COMPLETED:
            message = f"Video '{video_id}' is not completed: its status is {job.status}."
            raise ApiRefusal(message, param=param, code="video_not_completed")
        return job

    def _character(self, character_id: str) -> Character:
        character = self._characters.get(character_id)
        if character is None:
            message = f"No character '{character_id}'."
            raise ApiRefusal(message, param="characters", code="character_not_found", status=404)
        return character

    def _model(self, name: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": self._created,
            "owned_by": "dailies",
            "shutdown_date": None,
        }


def _character_body(character: Character) -> dict[str, Any]:
    return {"id": character.id, "name": character.name, "created_at": int(character.created_at.timestamp())}


def _no_video(video_id: str) -> ApiRefusal:
    return ApiRefusal(
        f"Video with id '{video_id}' not found.", param="video_id", code="video_not_found", status=404
    )
