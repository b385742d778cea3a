"""What came back with a form, or was chosen from a list. Nothing of it is believed yet."""

from typing import Any

from cogs.answers import Interaction


def sent_id(interaction: Interaction) -> str:
    """The `custom_id` of what was pressed or sent in."""
    data: Any = interaction.data or {}
    return str(data.get("custom_id"))


def sent_lists(interaction: Interaction) -> dict[str, list[str]]:
    """All values of every field of a form, by its `custom_id`; what is empty or no text is left out."""
    data: Any = interaction.data or {}
    components = data.get("components")
    sent: dict[str, list[str]] = {}
    for one in components if isinstance(components, list) else []:
        field = one.get("component", one) if isinstance(one, dict) else None
        if isinstance(field, dict) and isinstance(field.get("custom_id"), str):
            listed = field.get("values")
            values = [field.get("value"), *(listed if isinstance(listed, list) else ())]
            sent[field["custom_id"]] = [value for value in values if isinstance(value, str) and value]
    return sent


def sent_values(interaction: Interaction) -> dict[str, str]:
    """The one value of every field, likewise."""
    return {name: values[0] for name, values in sent_lists(interaction).items() if values}


def chosen(interaction: Interaction) -> str:
    """The one value that was chosen from a list under a message; empty where it is not just one."""
    data: Any = interaction.data or {}
    match data.get("values"):
        case [str(value)]:
            return value
        case _:
            return ""
