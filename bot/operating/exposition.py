"""Numbers in Prometheus' text format 0.0.4, and the three kinds of them that a process counts by itself.

Source: prometheus.io/docs/instrumenting/exposition_formats. A library for this would bring a registry for the
whole process and locks for threads; all of ours is counted on one loop.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SERIES_MAX = 2_000
"""Of one number: labels are offers, calls and codes, never what a member types. Beyond it all is `other`."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One line: `suffix` is added to the family's name."""

    value: float
    labels: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One number with all its labels."""

    name: str
    kind: str
    about: str
    samples: Sequence[Sample]


class Counter:
    """Counts upwards, for each set of values of its labels."""

    kind = "counter"

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self._name = name
        self._about = about
        self._labels = tuple(labels)
        self._values: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, by: float = 1) -> None:
        """Count so much more; the values of the labels are in their order."""
        key = values
        if key not in self._values and len(self._values) >= SERIES_MAX:
            key = tuple("other" for _ in values)
        self._values[key] = self._values.get(key, 0) + by

    def family(self) -> Family:
        """What it has counted."""
        samples = [
            Sample(value=value, labels=dict(zip(self._labels, key, strict=True)))
            for key, value in sorted(self._values.items())
        ]
        if not samples and not self._labels:
            samples = [Sample(value=0, labels={})]
        return Family(name=self._name, kind=self.kind, about=self._about, samples=samples)


class Histogram:
    """How long things take, in seconds, for each set of values of its labels."""

    def __init__(
        self, name: str, about: str, labels: Sequence[str] = (), bounds: Sequence[float] = SECONDS
    ) -> None:
        self._name = name
        self._about = about
        self._labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, seconds: float, *values: str) -> None:
        """One thing took so long."""
        counts = self._counts.get(values)
        key = values
        if counts is None:
            if len(self._counts) >= SERIES_MAX:
                key = tuple("other" for _ in values)
            counts = self._counts.setdefault(key, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, seconds)] += 1
        self._sums[key] = self._sums.get(key, 0.0) + seconds

    def family(self) -> Family:
        """What it has seen: buckets that each hold those below them, as Prometheus wants it."""
        samples: list[Sample] = []
        for key, counts in sorted(self._counts.items()):
            labels = dict(zip(self._labels, key, strict=True))
            below = 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                below += count
                samples.append(Sample(value=below, labels={**labels, "le": _number(bound)}, suffix="_bucket"))
            samples.append(Sample(value=self._sums[key], labels=labels, suffix="_sum"))
            samples.append(Sample(value=below, labels=labels, suffix="_count"))
        return Family(name=self._name, kind="histogram", about=self._about, samples=samples)


def gauge(name: str, about: str, values: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    """A number that is read at this moment, for each set of labels."""
    samples = [Sample(value=value, labels=labels) for labels, value in values]
    return Family(name=name, kind="gauge", about=about, samples=samples)


def text(families: Iterable[Family]) -> str:
    """All of it, as it goes over the wire."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    about = family.about.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {family.name} {about}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
        yield f"{family.name}{sample.suffix}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
