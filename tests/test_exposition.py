"""The text format of Prometheus: what is written is what its own reader would read."""

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.operating.exposition import SERIES_MAX, Counter, Histogram, gauge, text


def test_a_counter_counts_each_set_of_labels_by_itself() -> None:
    calls = Counter("calls_total", "Calls.", ("provider", "outcome"))
    calls.add("fal", "taken")
    calls.add("fal", "taken")
    calls.add("fal", "refused", by=3)

    assert text([calls.family()]) == (
        "# HELP calls_total Calls.\n"
        "# TYPE calls_total counter\n"
        'calls_total{provider="fal",outcome="refused"} 3\n'
        'calls_total{provider="fal",outcome="taken"} 2\n'
    )


def test_a_counter_without_labels_is_there_before_it_counted() -> None:
    assert "\ninvalid_total 0\n" in text([Counter("invalid_total", "Invalid.").family()])


def test_a_histograms_buckets_hold_those_below_them_and_its_ends_agree() -> None:
    took = Histogram("took_seconds", "Took.", ("call",), bounds=(0.1, 1.0))
    for seconds in (0.1, 0.25, 0.5, 7.0):
        took.observe(seconds, "ask")

    lines = text([took.family()]).splitlines()

    assert lines[1:] == [
        "# TYPE took_seconds histogram",
        'took_seconds_bucket{call="ask",le="0.1"} 1',
        'took_seconds_bucket{call="ask",le="1"} 3',
        'took_seconds_bucket{call="ask",le="+Inf"} 4',
        'took_seconds_sum{call="ask"} 7.85',
        'took_seconds_count{call="ask"} 4',
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1.0, "1"), (0.25, "0.25"), (12_000_000, "12000000"), (math.inf, "+Inf"), (-math.inf, "-Inf")],
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, written: str) -> None:
    assert text([gauge("n", "N.", [({}, value)])]).endswith(f"\nn {written}\n")


def test_what_could_break_out_of_a_label_or_a_line_is_escaped() -> None:
    told = text([gauge("g", "One\nline \\ here.", [({"name": 'a"b\\c\nd'}, 1)])])

    assert told == '# HELP g One\\nline \\\\ here.\n# TYPE g gauge\ng{name="a\\"b\\\\c\\nd"} 1\n'


def test_more_sets_of_labels_than_are_sane_are_counted_together() -> None:
    calls, took = Counter("c_total", "C.", ("name",)), Histogram("h", "H.", ("name",), bounds=(1.0,))
    for number in range(SERIES_MAX + 5):
        calls.add(str(number))
        took.observe(0.5, str(number))

    counted = {sample.labels["name"]: sample.value for sample in calls.family().samples}
    assert len(counted) == SERIES_MAX + 1
    assert counted["other"] == 5
    assert len({sample.labels["name"] for sample in took.family().samples}) == SERIES_MAX + 1


def test_prometheus_own_parser_reads_what_was_counted() -> None:
    calls, took = Counter("calls_total", "Calls.", ("name",)), Histogram("took", "T.", bounds=(0.5, 1.0))
    calls.add('od"d\\ na\nme', by=3)
    took.observe(0.25)
    took.observe(7)

    read = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text([calls.family(), took.family()]))
        for sample in family.samples
    }

    assert read == {
        ("calls_total", ("name", 'od"d\\ na\nme')): 3,
        ("took_bucket", ("le", "0.5")): 1,
        ("took_bucket", ("le", "1")): 1,
        ("took_bucket", ("le", "+Inf")): 2,
        ("took_sum",): 7.25,
        ("took_count",): 2,
    }
