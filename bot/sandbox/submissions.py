"""What a person's client sends of components: a select's values, a modal's fields."""

from typing import Any

from bot.sandbox.command_rules import ATTACHMENT, TO_CHANNEL, TO_MENTIONABLE, TO_ROLE, TO_USER
from bot.sandbox.controls import (
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    SELECTS,
    STRING_SELECT,
    USER_SELECT,
)
from bot.sandbox.errors import DiscordRefusal, Json, invalid
from bot.sandbox.modals import FILE_UPLOAD
from bot.sandbox.resolve import Resolver

# The kind of option that resolves what such a field's values point to.
RESOLVED_AS = {
    USER_SELECT: TO_USER,
    ROLE_SELECT: TO_ROLE,
    MENTIONABLE_SELECT: TO_MENTIONABLE,
    CHANNEL_SELECT: TO_CHANNEL,
    FILE_UPLOAD: ATTACHMENT,
}


def not_pressable() -> DiscordRefusal:
    return invalid(("data", "custom_id"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")


def check_press(control: Json | None, data: Json) -> None:
    """Hold that a control can be pressed, or chosen from, in this way.

    Raises:
        DiscordRefusal: 50035.
    """
    if control is None or control.get("disabled") or control["type"] != data.get("component_type"):
        raise not_pressable()
    if control["type"] not in SELECTS:
        return
    values = data.get("values")
    low, high = control.get("min_values"), control.get("max_values") or 1
    if not isinstance(values, list) or not (1 if low is None else low) <= len(values) <= high:
        raise not_pressable()
    if control["type"] == STRING_SELECT:
        offered = {option["value"] for option in control["options"]}
        if not offered.issuperset(str(value) for value in values):
            raise not_pressable()


def submitted(components: list[Any]) -> dict[str, Any]:
    """A submission's values by custom id."""
    values: dict[str, Any] = {}
    for component in components:
        if not isinstance(component, dict):
            continue
        if isinstance(component.get("component"), dict):
            values |= submitted([component["component"]])
        elif isinstance(component.get("components"), list):
            values |= submitted(component["components"])
        elif "custom_id" in component:
            values[str(component["custom_id"])] = component.get("values", component.get("value"))
    return values


def filled(component: Any, fields: dict[str, Json], resolver: Resolver) -> Any:
    """A submitted component with its number, and with ids in place of upload numbers."""
    if not isinstance(component, dict):
        return component
    copy = dict(component)
    if isinstance(copy.get("component"), dict):
        copy["component"] = filled(copy["component"], fields, resolver)
    if isinstance(copy.get("components"), list):
        copy["components"] = [filled(one, fields, resolver) for one in copy["components"]]
    field = fields.get(str(copy.get("custom_id")))
    if field is not None:
        copy["id"] = field.get("id", 0)
    option = RESOLVED_AS.get(copy.get("type", 0))
    if option is not None and isinstance(copy.get("values"), list):
        copy["values"] = [resolver.add(option, str(value)) for value in copy["values"]]
    return copy
