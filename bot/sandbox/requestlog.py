"""What the bot asked for, kept in a bounded ring for tests and for the page."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from bot.sandbox.errors import Json
from bot.sandbox.wire import stamp

KEPT_MAX = 1000


@dataclass(slots=True, kw_only=True)
class Request:
    """One request of the bot and what it was answered; `path` is without /api/v10.

    `template` is the route that it met ("/channels/{channel}/messages"), empty where there is none.
    `began` is the loop's time at arrival and `seconds` how long the answer took.
    """

    number: int
    method: str
    path: str
    template: str
    query: dict[str, str]
    body: Any
    files: tuple[str, ...]
    status: int
    at: datetime
    began: float
    seconds: float

    def wire(self) -> Json:
        return {
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "template": self.template,
            "query": self.query,
            "json": self.body,
            "files": list(self.files),
            "status": self.status,
            "when": stamp(self.at),
            "seconds": round(self.seconds, 6),
        }


Observer: TypeAlias = Callable[[Request], None]


class RequestLog:
    """The last requests; `observer` is told of each as it is answered."""

    def __init__(self, observer: Observer | None) -> None:
        self._observer = observer
        self._kept: deque[Request] = deque(maxlen=KEPT_MAX)
        self.count = 0

    def add(self, request: Request) -> None:
        self.count += 1
        request.number = self.count
        self._kept.append(request)
        if self._observer is not None:
            self._observer(request)

    def since(self, number: int) -> list[Request]:
        """Those after the one with that number."""
        return [request for request in self._kept if request.number > number]
