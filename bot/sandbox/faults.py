"""Faults that tests, and people on the page, can switch on: what goes wrong with Discord now and then."""

from dataclasses import asdict, dataclass

from bot.sandbox.errors import Form, Json
from bot.sandbox.gateway import Gateway

# Faults that stay on until they are used up or switched off, and those that happen at once.
LASTING = ("rate_limit", "server_error", "slow", "cdn_full", "lost_answer", "clock_off")
AT_ONCE = ("drop_gateway", "reconnect", "invalid_session")
SECONDS_MAX = 600.0


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault that is on.

    `route` is a part of "METHOD /path", the path without /api/v10; the empty text fits every request.
    `count` is how often it will still happen; None means until it is switched off. With `clock_off` Discord's
    clock is ahead by so many `seconds`, or behind.
    """

    name: str
    route: str = ""
    count: int | None = None
    status: int = 500
    seconds: float = 1.0
    retry_after: float = 0.5
    is_global: bool = False

    def wire(self) -> Json:
        wire = asdict(self)
        wire["global"] = wire.pop("is_global")
        return wire


class Faults:
    """The switches. Faults strike the bot's requests alone; a full disk and a wrong clock everybody feels."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._on: list[Fault] = []

    @property
    def active(self) -> bool:
        return bool(self._on)

    def switch_on(self, wish: Json) -> Json:
        """Turn a fault on by its JSON form, or make it happen now.

        Raises:
            DiscordRefusal: 50035, the wish has a wrong field.
        """
        form = Form()
        name = wish.get("name")
        form.choice(("name",), name, LASTING + AT_ONCE)
        for key, low, high in (("count", 1, 1_000_000), ("status", 400, 599), ("code", 1000, 4999)):
            if wish.get(key) is not None:
                form.number((key,), wish[key], low, high)
        for key in ("seconds", "retry_after"):
            value = wish.get(key, 0)
            least = -SECONDS_MAX if name == "clock_off" else 0.0
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or not least <= value <= SECONDS_MAX
            ):
                wanted = f"Must be seconds from {least:g} to {SECONDS_MAX:g}."
                form.wrong((key,), "NUMBER_TYPE_COERCE", wanted)
        if not isinstance(wish.get("route", ""), str):
            form.wrong(("route",), "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        form.settle()
        match name:
            case "drop_gateway":
                self._gateway.drop(wish.get("code"))
            case "reconnect":
                self._gateway.ask_to_reconnect()
            case "invalid_session":
                self._gateway.invalidate(resumable=bool(wish.get("resumable", False)))
            case _:
                return self._add(wish).wire()
        return {"name": name}

    def _add(self, wish: Json) -> Fault:
        fault = Fault(
            name=wish["name"],
            route=wish.get("route", ""),
            count=wish.get("count"),
            status=wish.get("status", 500),
            seconds=float(wish.get("seconds", 1.0)),
            retry_after=float(wish.get("retry_after", 0.5)),
            is_global=bool(wish.get("global", False)),
        )
        self._on.append(fault)
        return fault

    def switch_off(self, name: str | None = None) -> None:
        """All faults of that name, or all."""
        self._on = [fault for fault in self._on if name is not None and fault.name != name]

    def listed(self) -> list[Json]:
        return [fault.wire() for fault in self._on]

    def strikes(self, name: str, route: str) -> Fault | None:
        """The fault of that name that meets this request, used once by the asking."""
        for fault in self._on:
            if fault.name == name and fault.route in route:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self._on.remove(fault)
                return fault
        return None
