"""Every rule of spending in the plainest way: a list of holds, summed anew for each question."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

PERIODS = ("day", "week", "month", "total")


@dataclass
class HoldModel:
    """What one take holds or was charged, from whom, and on which days."""

    guild: int
    channel: int
    user: int
    guild_day: date
    utc_day: date
    own: int
    parts: list[tuple[int, int]]
    is_open: bool = True
    of_house: bool = False
    charged: int = 0
    overrun: int = 0
    overrun_day: date | None = None

    @property
    def amount(self) -> int:
        return self.own + sum(amount for _, amount in self.parts)

    def member_use(self) -> tuple[int, list[tuple[int, int]]]:
        """What counts against the member's own budget, and against each grant."""
        if self.of_house:
            return 0, [(grant, 0) for grant, _ in self.parts]
        if self.is_open:
            return self.own, self.parts
        left = self.charged
        own = min(left, self.own)
        used: list[tuple[int, int]] = []
        for grant, amount in self.parts:
            left -= own if not used else used[-1][1]
            used.append((grant, min(left, amount)))
        return own, used

    def pool_use(self) -> int:
        """What counts against the guild and the channel."""
        return 0 if self.of_house else self.amount if self.is_open else self.charged


@dataclass
class GrantModel:
    guild: int
    user: int
    amount: int
    expires_at: datetime | None
    revoked: bool = False


@dataclass
class RulesModel:
    zone: str = "UTC"
    order_max: int | None = None
    member_in_flight: int | None = None
    guild_in_flight: int | None = None


@dataclass(frozen=True)
class Press:
    """An order: of `takes` at `price` each."""

    guild: int
    user: int
    channel: int
    price: int
    takes: int
    roles: tuple[int, ...]
    paid: bool


@dataclass(frozen=True)
class Verdict:
    """Admitted, or which budgets may say no with how much left."""

    kind: str
    scopes: frozenset[str] = frozenset()
    left: int = 0
    splits: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = ()


def same_period(period: str, one: date, other: date) -> bool:
    match period:
        case "day":
            return one == other
        case "week":
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        case "month":
            return (one.year, one.month) == (other.year, other.month)
        case _:
            return True


@dataclass
class BudgetModel:
    """All that is known, as plain lists."""

    default_member: int | None
    default_installation: int | None
    limits: dict[tuple[int, str, int], dict[str, int]] = field(default_factory=dict)
    rules: dict[int, RulesModel] = field(default_factory=dict)
    grants: dict[int, GrantModel] = field(default_factory=dict)
    holds: list[HoldModel] = field(default_factory=list)

    def rules_of(self, guild: int) -> RulesModel:
        return self.rules.get(guild, RulesModel())

    def day(self, guild: int, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.rules_of(guild).zone)).date()

    def bounds(self, guild: int, scope: str, scope_id: int = 0) -> dict[str, int]:
        return self.limits.get((guild, scope, scope_id), {})

    # What is used

    def used(self, scope: str, period: str, day: date, **whose: int) -> int:
        """What is spent and held of a purse in the period of a day."""
        total = 0
        for hold in self.holds:
            if scope == "installation":
                if same_period(period, hold.utc_day, day):
                    total += hold.amount if hold.is_open else hold.charged
                if hold.overrun and same_period(period, hold.overrun_day or hold.utc_day, day):
                    total += hold.overrun
                continue
            if not same_period(period, hold.guild_day, day):
                continue
            if scope == "member":
                if (hold.guild, hold.user) == (whose["guild"], whose["user"]):
                    total += hold.member_use()[0]
            elif getattr(hold, scope) == whose[scope]:
                total += hold.pool_use()
        return total

    def grant_left(self, number: int, at: datetime) -> int:
        grant = self.grants[number]
        if grant.revoked or (grant.expires_at is not None and grant.expires_at <= at):
            return 0
        return grant.amount - sum(
            used for hold in self.holds for which, used in hold.member_use()[1] if which == number
        )

    def in_flight(self, guild: int, user: int | None = None) -> int:
        return sum(
            hold.is_open and not hold.of_house and hold.guild == guild and user in (None, hold.user)
            for hold in self.holds
        )

    # What may be ordered

    def judge(self, press: Press, at: datetime) -> Verdict:
        """What must come of an order now."""
        rules = self.rules_of(press.guild)
        for most, count in (
            (rules.member_in_flight, self.in_flight(press.guild, press.user)),
            (rules.guild_in_flight, self.in_flight(press.guild)),
        ):
            if most is not None and count + press.takes > most:
                return Verdict("TooManyInFlight")
        cost = press.price * press.takes
        if not cost:
            return Verdict("admitted", splits=((0, ()),) * press.takes)
        if rules.order_max is not None and cost > rules.order_max:
            return Verdict("BudgetExceeded", frozenset({"order"}), rules.order_max)
        whole = dict(self.bounds(0, "installation"))
        if self.default_installation is not None:
            whole.setdefault("month", self.default_installation)
        if not whole or (press.paid and not self.bounds(press.guild, "ceiling")):
            return Verdict("PaidNotEnabled")
        day = self.day(press.guild, at)
        pools = {"installation": self.room(whole, "installation", at.date())}
        if press.paid:
            ceiling = self.bounds(press.guild, "ceiling")
            pools["ceiling"] = self.room(ceiling, "guild", day, guild=press.guild)
        if of_guild := self.bounds(press.guild, "guild"):
            pools["guild"] = self.room(of_guild, "guild", day, guild=press.guild)
        if of_channel := self.bounds(press.guild, "channel", press.channel):
            pools["channel"] = self.room(of_channel, "channel", day, channel=press.channel)
        least = min(pools.values())
        scope, room = self.head(press, day)
        splits: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = ((press.price, ()),) * press.takes
        if room is not None and room < cost:
            order = sorted(
                (n for n, g in self.grants.items() if (g.guild, g.user) == (press.guild, press.user)),
                key=lambda n: (self.grants[n].expires_at is None, self.grants[n].expires_at or at, n),
            )
            lefts = {n: left for n in order if (left := self.grant_left(n, at)) > 0}
            left = max(0, room) + sum(lefts.values())
            if left < cost and left <= max(0, least):
                return Verdict("BudgetExceeded", frozenset({scope}), left)
            splits = self.split(press, max(0, room), lefts)
        if least < cost:
            tightest = frozenset(name for name, left in pools.items() if left == least)
            return Verdict("BudgetExceeded", tightest, max(0, least))
        return Verdict("admitted", splits=splits)

    def room(self, bounds: dict[str, int], scope: str, day: date, **whose: int) -> int:
        return min(limit - self.used(scope, period, day, **whose) for period, limit in bounds.items())

    def head(self, press: Press, day: date) -> tuple[str, int | None]:
        """Which per-head budget applies, and what it has."""
        whose = {"guild": press.guild, "user": press.user}
        if own := self.bounds(press.guild, "member", press.user):
            return "member", self.room(own, "member", day, **whose)
        by_role = [found for role in press.roles if (found := self.bounds(press.guild, "role", role))]
        if by_role:
            return "role", max(self.room(found, "member", day, **whose) for found in by_role)
        default = self.bounds(press.guild, "default")
        if not default:
            default = dict(self.bounds(0, "default"))
            if self.default_member is not None:
                default.setdefault("month", self.default_member)
        return "default", self.room(default, "member", day, **whose) if default else None

    def split(
        self, press: Press, own: int, lefts: dict[int, int]
    ) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
        """What each take draws: micro by micro in spirit, from one row of own money and grants."""
        row = [(0, own), *lefts.items()]
        taken = 0
        splits = []
        for _ in range(press.takes):
            begin, end = taken, taken + press.price
            taken, at, pieces = end, 0, []
            for number, amount in row:
                piece = min(end, at + amount) - max(begin, at)
                if piece > 0:
                    pieces.append((number, piece))
                at += amount
            own_piece = sum(piece for number, piece in pieces if number == 0)
            splits.append((own_piece, tuple(part for part in pieces if part[0] != 0)))
        return tuple(splits)

    def admitted(self, press: Press, verdict: Verdict, at: datetime) -> list[HoldModel]:
        """The holds of an admitted order."""
        made = [
            HoldModel(
                press.guild,
                press.channel,
                press.user,
                self.day(press.guild, at),
                at.date(),
                own,
                [*parts],
            )
            for own, parts in verdict.splits
        ]
        self.holds += made
        return made

    def to_the_house(self, hold: HoldModel, at: datetime) -> None:
        """The member's hold is given back, and one of the house's takes its place on today's page."""
        self.holds.append(replace(hold, is_open=False, charged=0))
        hold.of_house = True
        hold.utc_day = at.date()
        hold.own, hold.parts = hold.amount, []
