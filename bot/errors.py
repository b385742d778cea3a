"""Everything that can go wrong, one tree.

DailiesError
├── Refusal                   an order (or a press) that is turned down; nothing was charged
│   ├── OrderRefused          the order itself: prompt, model, length, size, place, screening
│   ├── ChangeRefused         a change of a server's budgets: nothing was changed
│   ├── BudgetExceeded        a budget says no
│   ├── TooManyInFlight       as many jobs as may be are on their way
│   ├── PaidNotEnabled        money is asked for and the operator has set no limit
│   ├── SpendingStopped       the breaker on the rate of spending has stopped what costs money
│   ├── AgainstRules          the channel's rules do not take it
│   ├── Barred                this person is blocked, cooling down, or in Discord's time-out
│   ├── Paused                moderators have paused the place
│   ├── NoRoom                our disk is full, so nothing can be written down
│   ├── TooNew                an account or a membership too young for what costs money
│   └── NotYours              the press is not this person's to make, or comes too late
├── ProviderError             sorted by one question: could it be charging us?
│   ├── ProviderUnavailable   a question went unanswered; ask again later
│   │   └── ProviderBusy      it said that it is asked too often; ask all of it less often
│   ├── UnreadableAnswer      an answer that no document describes; never success
│   │   └── FileElsewhere     it says that the file is where none may be fetched from
│   └── AssetGone             the clip was made and is no longer to be had
├── DeliveryError
│   ├── DeliveryUnavailable   Discord did not take it now; again later
│   ├── DeliveryRefused       Discord will not take it here (permission)
│   │   └── PlaceGone         the channel was deleted, with all that was in it
│   ├── ClipTooLarge          over the place's upload limit
│   └── MessageGone           somebody deleted the message
├── StorageError
│   ├── StaleJob              the row had moved on; whoever lost the race stops
│   ├── NewerDatabase         the file is from a later release
│   ├── DiskFailure           the disk did not take what was to be written
│   │   └── DiskFull          since it has no room
│   └── DataFolderInUse       another process holds the lock
├── ClipUnusable              what was fetched is no clip, or not the one that was ordered
├── TooManyIdentifies         the bot came to Discord too often; exit code 78, before the token is reset
└── SettingsError             a setting is missing or wrong; exit code 78
"""

from datetime import datetime

from bot.domain import NOTHING_MICROS, Fault, FaultKind, Micros
from bot.language import _


class DailiesError(Exception):
    """Root of the tree. `code` is stable: it stands in logs and may be searched for."""

    code = "dailies"


class Refusal(DailiesError):
    """Turned down before any money moved; `sentence` is what the member reads, in the member's language.

    Args:
        what: what is wrong, as a sentence that is translated where it is raised.
        do: what to do now, as such a sentence.
        kind: whose matter it is.
    """

    code = "refused"

    def __init__(self, what: str, do: str, *, kind: FaultKind = FaultKind.PROMPT) -> None:
        super().__init__(what)
        self.what = what
        self.do = do
        self.kind = kind

    @property
    def sentence(self) -> str:
        return _("{what} Nothing was charged. {do}").format(what=self.what, do=self.do)


class OrderRefused(Refusal):
    """The order cannot be taken as it stands."""

    code = "order_refused"


class ChangeRefused(Refusal):
    """What a manager wants to change cannot be as it was typed, or may not be."""

    code = "change_refused"

    @property
    def sentence(self) -> str:
        return _("{what} Nothing was changed. {do}").format(what=self.what, do=self.do)


class BudgetExceeded(Refusal):
    """A budget has no room: `left_micros` is what it has, `short_micros` by how much that is too little.

    `scope` is the budget that said no (a scope of budgets, or `order` for the most that one order may cost),
    and `resets_at` when its period ends (None where it never does). An order of all its takes that costs no
    more than `left_micros` would fit: it is the least that any budget has left.
    """

    code = "budget_exceeded"

    def __init__(
        self,
        what: str,
        do: str,
        *,
        kind: FaultKind,
        short_micros: Micros,
        left_micros: Micros = NOTHING_MICROS,
        scope: str = "",
        resets_at: datetime | None = None,
    ) -> None:
        super().__init__(what, do, kind=kind)
        self.short_micros = short_micros
        self.left_micros = left_micros
        self.scope = scope
        self.resets_at = resets_at


class TooManyInFlight(Refusal):
    """So many jobs of this member, or of this server, may be on their way at once, and are."""

    code = "too_many_in_flight"


class PaidNotEnabled(Refusal):
    """The offer costs real money and the operator has not opted in."""

    code = "paid_not_enabled"


class SpendingStopped(Refusal):
    """Paid orders are stopped until the operator lets them go on."""

    code = "spending_stopped"


class AgainstRules(Refusal):
    """A rule of the channel says no."""

    code = "against_rules"


class Barred(Refusal):
    """A block, a cool-down or Discord's time-out keeps this person from it."""

    code = "barred"


class Paused(Refusal):
    """Moderators have stopped orders here until they let them go on."""

    code = "paused"


class NoRoom(Refusal):
    """The disk that we write to is full: nothing was written down."""

    code = "no_room"

    def __init__(self) -> None:
        super().__init__(
            _("The bot has no room left to write anything down."),
            _("Try again later; whoever runs the bot has to make room."),
            kind=FaultKind.OURS,
        )


class TooNew(Refusal):
    """The account, or the membership, is younger than the operator asks for where money is spent."""

    code = "too_new"


class NotYours(Refusal):
    """A button or form that this person may not use, or not any more."""

    code = "not_yours"


class ProviderError(DailiesError):
    """Something at a provider. It never by itself ends a job that the provider may have."""

    code = "provider"


class ProviderUnavailable(ProviderError):
    """The question was not answered. `retry_after_s` is the provider's own word, where it gave one."""

    code = "provider_unavailable"

    def __init__(self, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ProviderBusy(ProviderUnavailable):
    """A 429: the key's questions are too many, whatever they are about."""

    code = "provider_busy"


class UnreadableAnswer(ProviderError):
    """An answer in no documented shape. Treated as no answer."""

    code = "unreadable_answer"

    def __init__(self, protocol: str, detail: str) -> None:
        super().__init__(f"{protocol}: {detail}")


class FileElsewhere(UnreadableAnswer):
    """A finished file is said to be where none may be fetched from. Nothing was asked there.

    `is_inside` says that only somebody's own network has such a host; other hosts the operator may name.
    """

    code = "file_elsewhere"

    def __init__(self, protocol: str, host: str, *, is_inside: bool) -> None:
        where = "inside a private network" if is_inside else "at a host that is not named"
        super().__init__(protocol, f"the file is {where}, where none is fetched from: {host}")
        self.host = host
        self.is_inside = is_inside


class AssetGone(ProviderError):
    """The provider made (and billed) the clip and no longer has it."""

    code = "asset_gone"


class DeliveryError(DailiesError):
    """Posting or editing a message failed."""

    code = "delivery"


class DeliveryUnavailable(DeliveryError):
    """Discord could not be reached or asked us to wait."""

    code = "delivery_unavailable"


class DeliveryRefused(DeliveryError):
    """This place will not take our message however often we ask."""

    code = "delivery_refused"


class PlaceGone(DeliveryRefused):
    """The channel was deleted. Whatever was posted there is gone with it."""

    code = "place_gone"


class ClipTooLarge(DeliveryError):
    """The file is over the upload limit of the place."""

    code = "clip_too_large"


class MessageGone(DeliveryError):
    """The message was deleted; it is not posted again."""

    code = "message_gone"


class StorageError(DailiesError):
    """The database said no."""

    code = "storage"


class StaleJob(StorageError):
    """The row was not in the state that this change starts from: somebody else moved it first."""

    code = "stale_job"


class NewerDatabase(StorageError):
    """The database was written by a later release; going on could lose what it knows."""

    code = "newer_database"


class DiskFailure(StorageError):
    """The disk did not take what was to be written. After a crash it may turn out to have taken it."""

    code = "disk_failed"


class DiskFull(DiskFailure):
    """The disk has no room. Certainly nothing was written."""

    code = "disk_full"


class DataFolderInUse(StorageError):
    """Another process works on this data folder."""

    code = "data_folder_in_use"


class ClipUnusable(DailiesError):
    """The fetched file is not a video as ordered. `fault` goes on the job."""

    code = "clip_unusable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(kind=FaultKind.PROVIDER, code=self.code, detail=detail)


class TooManyIdentifies(DailiesError):
    """The bot has come to Discord so often that it stops itself. A restart makes it worse."""

    code = "too_many_identifies"


class SettingsError(DailiesError):
    """A setting is missing or wrong. The message names the variable and never its value."""

    code = "settings"
