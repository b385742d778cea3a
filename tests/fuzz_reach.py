"""What of the bot was sent to: every command, proposal, menu, control and form; and what is left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cogs.client import FORMS
from tests import fuzz_ids
from tests.fuzz_ids import Pattern
from tests.fuzzing import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, GROUP, SLASH, SUBCOMMAND, Input, leaves
from tests.fuzzing import proposing as options_that_propose
from tests.stage import Json


@dataclass(slots=True)
class Reach:
    """What there is to be reached, and how often each was."""

    components: Sequence[Pattern] = field(default_factory=fuzz_ids.of_components)
    forms: Sequence[Pattern] = field(default_factory=fuzz_ids.of_forms)
    sent: dict[str, int] = field(default_factory=dict)

    def count(self, one: Input) -> None:
        """Take note of an input that the bot was handed."""
        for name in self._reached(one):
            self.sent[name] = self.sent.get(name, 0) + 1

    def missing(self, listed: Sequence[Json]) -> list[str]:
        """What nothing was sent to, of the commands as they were synced and of all controls and forms."""
        return [name for name in self._there_is(listed) if name not in self.sent]

    def _reached(self, one: Input) -> Iterator[str]:
        custom_id = str(one.data.get("custom_id"))
        match one.type:
            case kind if kind in (COMMAND, AUTOCOMPLETE):
                path, options = [str(one.data["name"])], one.data.get("options", [])
                while options and options[0]["type"] in (SUBCOMMAND, GROUP):
                    path.append(options[0]["name"])
                    options = options[0]["options"]
                if kind == COMMAND:
                    yield f"{one.data['type']} {' '.join(path)}"
                typed = [option["name"] for option in options if option.get("focused")]
                yield from (f"proposals {' '.join(path)} {name}" for name in typed)
            case kind if kind == COMPONENT:
                right = [each for each in self.components if each.kind == one.data["component_type"]]
                yield from _held("control", right, custom_id)
            case kind if kind == FORM:
                yield from _held("form", self.forms, custom_id)
                yield from (f"form {prefix}" for prefix in FORMS if custom_id.startswith(prefix))

    def _there_is(self, listed: Sequence[Json]) -> Iterator[str]:
        for command in listed:
            kind = command.get("type", SLASH)
            for path in leaves(command):
                names = " ".join(one["name"] for one in path)
                yield f"{kind} {names}"
                yield from (f"proposals {names} {name}" for name in options_that_propose(path))
        for named, patterns in (("control", self.components), ("form", self.forms)):
            for pattern in patterns:
                yield f"{named} {pattern.regex.pattern}"
                yield from (
                    f"{named} {pattern.regex.pattern} {key}={word}" for key, word in sorted(pattern.variants)
                )
        yield from (f"form {prefix}" for prefix in FORMS)


def _held(named: str, patterns: Sequence[Pattern], custom_id: str) -> Iterator[str]:
    for pattern in patterns:
        groups = pattern.read(custom_id)
        if groups is not None:
            yield f"{named} {pattern.regex.pattern}"
            yield from (f"{named} {pattern.regex.pattern} {key}={word}" for key, word in groups.items())
