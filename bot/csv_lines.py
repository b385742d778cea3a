"""Rows as CSV, a line at a time, so that a book of any length goes out in the same memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The head and each row, without line ends."""
    line = io.StringIO()
    writer = csv.DictWriter(line, columns, lineterminator="")
    writer.writeheader()
    yield line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        yield line.getvalue()
