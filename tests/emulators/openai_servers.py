"""Other servers of the `openai` protocol, each as its own source says: SGLang's, vLLM-Omni's, LiteLLM's.

Read in sglang 0.5.23 (`multimodal_gen/runtime/entrypoints/openai/video_api.py`, `protocol.py`), vllm-omni
0.30.0 (`entrypoints/openai/api_server.py`, `protocol/videos.py`) and litellm 1.109.1
(`proxy/video_endpoints/endpoints.py`, `types/videos`). Routes by name, for faults: `create`, `ask`,
`content`, `delete`; and `cloud`, from where SGLang's clips come with cloud storage.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.emulators.clips import clip
from tests.emulators.faults import Faults
from tests.emulators.openai_parts import Fields, fields_of
from tests.emulators.site import Part, Site


class Server(StrEnum):
    SGLANG = "sglang"
    VLLM_OMNI = "vllm-omni"
    LITELLM = "litellm"


@dataclass(slots=True, kw_only=True)
class Made:
    """A job: what was asked for, how many questions it has had, and how it goes."""

    id: str
    asked: Fields
    asks: int = 0
    status: str = "queued"
    error: str = ""
    runs: bool = True


class OtherServer:
    """One of them. Its jobs end with the second question, as `ends` says.

    Args:
        server: which.
        now: the clock.
        has_cloud: whether finished clips lie elsewhere (SGLang's alone).
    """

    def __init__(self, server: Server, *, now: Callable[[], datetime], has_cloud: bool = False) -> None:
        self.faults = Faults()
        self.jobs: dict[str, Made] = {}
        self.fails_with = ""
        self.server = server
        self._now = now
        self._has_cloud = has_cloud
        routes = [
            web.post("/v1/videos", self._create, name="create"),
            web.get("/v1/videos/{id:.+}/content", self._content, name="content"),
            web.get("/v1/videos/{id:.+}", self._ask, name="ask"),
        ]
        if server is not Server.LITELLM:  # it has no call that deletes
            routes.append(web.delete("/v1/videos/{id}", self._delete, name="delete"))
        self.site = Site(routes, self.faults)
        self.cloud = Site([web.get("/bucket/{id}.mp4", self._file, name="cloud")], self.faults)

    @property
    def url(self) -> str:
        return f"{self.site.url}/v1"

    async def __aenter__(self) -> Self:
        await self.site.start()
        await self.cloud.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.site.stop()
        await self.cloud.stop()

    # The wire

    async def _create(self, request: web.Request) -> web.Response:
        is_form = request.content_type == "multipart/form-data"
        asked = await fields_of(request) or {}
        match self.server:
            case Server.VLLM_OMNI if not is_form:  # FastAPI finds no form in it
                missing = {"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}
                return _json(422, {"detail": [missing]})
            case Server.VLLM_OMNI if not str(asked.get("seconds", "4")).isdigit():
                wrong = {"type": "string_pattern_mismatch", "loc": ["body", "seconds"], "msg": "…"}
                return _json(422, {"detail": [wrong]})
            case Server.SGLANG if "prompt" not in asked:
                return _json(400, {"detail": "prompt is required"})
            case Server.SGLANG if not str(asked.get("seconds", 4)).isdigit():
                return _json(400, {"detail": "Invalid request body: 1 validation error"})
        job = Made(id=f"{len(self.jobs) + 1:08x}-1f2e", asked=asked)
        self.jobs[job.id] = job
        return _json(200, self._resource(job))

    async def _ask(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if job is None:
            return self._unknown()
        job.asks += 1
        if job.asks == 1:
            job.status = "in_progress"
        else:
            job.status, job.error = ("failed", self.fails_with) if self.fails_with else ("completed", "")
        status = 422 if job.error and self.server is Server.VLLM_OMNI else 200
        return _json(status, self._resource(job))

    async def _content(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if job is None:
            return self._unknown()
        if job.status != "completed":
            return _json(404, {"detail": "Generation is still in-progress"})
        if self._has_cloud:
            where = f"Please use the cloud URL: {self._address(job)}"
            return _json(400, {"detail": f"Video has been uploaded to cloud storage. {where}"})
        return _film()

    async def _file(self, request: web.Request) -> web.Response:
        return _film() if request.match_info["id"] in self.jobs else web.Response(status=404)

    async def _delete(self, request: web.Request) -> web.Response:
        job = self._known(request)
        if job is None:
            return self._unknown()
        del self.jobs[job.id]
        if self.server is Server.SGLANG:  # it aborts nothing: the job is forgotten, and goes on
            return _json(200, self._resource(job) | {"status": "deleted"})
        job.runs = False
        return _json(200, {"id": job.id, "object": "video.deleted", "deleted": True})

    def _known(self, request: web.Request) -> Made | None:
        its_id = request.match_info["id"]
        if self.server is Server.LITELLM:
            text = base64.b64decode(its_id.removeprefix("video_")).decode()
            its_id = text.split("video_id:")[1].split(";")[0]
        return self.jobs.get(its_id)

    def _unknown(self) -> web.Response:
        if self.server is Server.LITELLM:
            said = {"message": "Video not found", "type": "None", "param": "None", "code": "404"}
            return _json(404, {"error": said})
        return _json(404, {"detail": "Video not found"})

    # Its resource, which each writes in its own way

    def _resource(self, job: Made) -> dict[str, object]:
        at = int(self._now().timestamp())
        common: dict[str, object] = {"id": job.id, "object": "video", "status": job.status, "created_at": at}
        match self.server:
            case Server.SGLANG:
                return common | {
                    "model": job.asked.get("model", "wan"),
                    "progress": 100 if job.status == "completed" else 0,
                    "size": "832x480",  # what it will make, whatever was asked for
                    "seconds": str(job.asked.get("seconds", 4)),
                    "quality": "standard",
                    "url": self._address(job) if self._has_cloud and job.status == "completed" else None,
                    "error": {"message": job.error} if job.error else None,
                    "file_path": "/outputs/one.mp4" if job.status == "completed" else None,
                    "peak_memory_mb": None,
                    "lidar": None,
                }
            case Server.VLLM_OMNI:
                return common | {
                    "model": "wan",
                    "prompt": job.asked.get("prompt"),
                    "progress": 100 if job.status == "completed" else 0,
                    "size": job.asked.get("size"),
                    "seconds": job.asked.get("seconds", "4"),
                    "error": {"code": 422, "message": job.error} if job.error else None,
                    "media_type": "video/mp4",
                    "file_name": f"{job.id}.mp4" if job.status == "completed" else None,
                    "stage_durations": {},
                    "peak_memory_mb": 0.0,
                }
            case Server.LITELLM:
                return common | {
                    "id": _wrapped(job.id, again=job.asks > 0),
                    "status": "processing" if job.status in ("queued", "in_progress") else job.status,
                    "error": {"code": "FAILED", "message": job.error} if job.error else None,
                    "progress": None,
                    "size": None,
                    "seconds": None,
                    "usage": {"duration_seconds": 4.0},
                }

    def _address(self, job: Made) -> str:
        return f"{self.cloud.url}/bucket/{job.id}.mp4"


def file_in(asked: Mapping[str, object], name: str) -> bytes:
    """The bytes of a file that came with an order."""
    part = asked[name]
    assert isinstance(part, Part)
    return part.data


def _wrapped(video_id: str, *, again: bool) -> str:
    """LiteLLM's own id around the job's, which it may write in more words later."""
    text = f"litellm:custom_llm_provider:vertex_ai;model_id:film;video_id:{video_id}"
    more = ";deployment_id:d1;requested_model:film" if again else ""
    return f"video_{base64.b64encode((text + more).encode()).decode()}"


def _film() -> web.Response:
    return web.Response(body=clip(128, 72, 4), content_type="video/mp4")


def _json(status: int, body: object) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
