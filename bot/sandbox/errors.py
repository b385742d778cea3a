"""Discord's refusals: a status, a JSON code, a sentence, and for forms the path of every wrong field.

Codes and sentences are those of Discord's documentation, topics/opcodes-and-status-codes.
"""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]


class DiscordRefusal(Exception):
    """What the API answers instead of doing what was asked; `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: Json | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors
        self.retry_after = retry_after
        if retry_after is not None:
            self.body |= {"retry_after": round(retry_after, 3), "global": False}


class Form:
    """Collects what is wrong with a body, field by field, and refuses it as a whole (50035).

    `root` is where the body stands in what was sent: an interaction's answer has it under "data".
    """

    def __init__(self, root: Path = ()) -> None:
        self._root = root
        self._faults: list[tuple[Path, str, str]] = []

    def wrong(self, path: Path, code: str, message: str) -> None:
        self._faults.append((path, code, message))

    def required(self, path: Path) -> None:
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")

    def length(self, path: Path, value: Any, low: int, high: int) -> bool:
        """Whether `value` is a text of `low` to `high` characters; notes the fault if not."""
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif len(value) > high and low == 0:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif not low <= len(value) <= high:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            return True
        return False

    def count(self, path: Path, value: Any, low: int, high: int) -> bool:
        """Whether `value` is a list of `low` to `high` entries; notes the fault if not."""
        if not isinstance(value, list):
            self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        elif not low <= len(value) <= high:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            return True
        return False

    def number(self, path: Path, value: Any, low: float, high: float) -> bool:
        """Whether `value` is a whole number from `low` to `high`; notes the fault if not."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value < low:
            self.wrong(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
        elif value > high:
            self.wrong(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")
        else:
            return True
        return False

    def choice(self, path: Path, value: Any, allowed: tuple[Any, ...]) -> bool:
        """Whether `value` is one of `allowed`; notes the fault if not."""
        if isinstance(value, (str, int, bool)) and value in allowed:
            return True
        listed = ", ".join(str(one) for one in allowed)
        self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
        return False

    def settle(self) -> None:
        """Refuse the body if anything was noted.

        Raises:
            DiscordRefusal: 400, 50035, with `errors` nested by the fields' paths.
        """
        if self._faults:
            raise self.refusal()

    def refusal(self) -> DiscordRefusal:
        """What settling raises for the faults that were noted."""
        errors: Json = {}
        for path, code, message in self._faults:
            node = errors
            for step in (*self._root, *path):
                node = node.setdefault(str(step), {})
            node.setdefault("_errors", []).append({"code": code, "message": message})
        return DiscordRefusal(400, 50035, "Invalid Form Body", errors)


def invalid(path: Path, code: str, message: str) -> DiscordRefusal:
    """The refusal of a form with a single wrong field."""
    form = Form()
    form.wrong(path, code, message)
    return form.refusal()


def unauthorized() -> DiscordRefusal:
    return DiscordRefusal(401, 0, "401: Unauthorized")


def not_found() -> DiscordRefusal:
    return DiscordRefusal(404, 0, "404: Not Found")


def unknown(what: str) -> DiscordRefusal:
    """404 with the code of the kind of thing that is not there."""
    return DiscordRefusal(404, UNKNOWN[what], f"Unknown {what}")


UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "Interaction": 10062,
    "application command": 10063,
}


def missing_access() -> DiscordRefusal:
    return DiscordRefusal(403, 50001, "Missing Access")


def missing_permissions() -> DiscordRefusal:
    return DiscordRefusal(403, 50013, "Missing Permissions")


def too_large() -> DiscordRefusal:
    return DiscordRefusal(413, 40005, "Request entity too large")


def empty_message() -> DiscordRefusal:
    return DiscordRefusal(400, 50006, "Cannot send an empty message")


def invalid_json() -> DiscordRefusal:
    return DiscordRefusal(400, 50109, "The request body contains invalid JSON.")


def already_acknowledged() -> DiscordRefusal:
    return DiscordRefusal(400, 40060, "Interaction has already been acknowledged.")


def invalid_token() -> DiscordRefusal:
    return DiscordRefusal(401, 50027, "Invalid Webhook Token")


def locked() -> DiscordRefusal:
    return DiscordRefusal(403, 160005, "This thread is locked")


def archived() -> DiscordRefusal:
    return DiscordRefusal(400, 50083, "Thread is archived")
