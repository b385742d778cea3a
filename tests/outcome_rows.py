"""What every status of the one POST proves, for the protocols whose jobs come with an `id`.

A row: its name, the fault in the exchange, the outcome, its fault's code, and how many jobs there are at the
provider in the end, which is what was true. A protocol's own words are in rows of its own test.
"""

from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown
from tests.emulators import faults
from tests.emulators.faults import Fault, answer

Row = tuple[str, Fault | None, type[Submission], str, int]

HANGING = (faults.HANG_BEFORE_WORK, faults.HANG_AFTER_WORK, faults.DRIP)

_REFUSALS = (400, 405, 406, 411, 413, 414, 415, 417, 422, 431, 451)
_UNPROVEN = (300, 301, 302, 303, 408, 409, 418, 425, 499, 500, 501, 503, 520, 529)
_PAGE = b"<html><head><title>No</title></head></html>"
_ELSEWHERE = {"Location": "/elsewhere"}

ROWS: list[Row] = [
    ("a job", None, Taken, "", 1),
    ("200", answer(200, {"id": "job_1"}), Taken, "", 0),
    ("201", answer(201, {"id": "job_1"}), Taken, "", 0),
    ("202", answer(202, {"id": "job_1"}), Taken, "", 0),
    ("reset before reading", faults.RESET_BEFORE_READING, Unknown, "", 0),
    ("reset after the work", faults.LOST_ANSWER, Unknown, "", 1),
    ("silence", faults.HANG_BEFORE_WORK, Unknown, "", 0),
    ("silence after the work", faults.HANG_AFTER_WORK, Unknown, "", 1),
    ("closed after half of the body", faults.CUT_SHORT, Unknown, "", 1),
    ("a byte, and then no more", faults.DRIP, Unknown, "", 1),
    ("502 of a proxy", faults.PROXY_502_BEFORE_WORK, Unknown, "", 0),
    ("502 of a proxy after the work", faults.PROXY_502_AFTER_WORK, Unknown, "", 1),
    ("504 of a proxy after the work", faults.PROXY_504_AFTER_WORK, Unknown, "", 1),
    ("408 after the work", answer(408, {}, works=True), Unknown, "", 1),
    ("499 after the work", answer(499, {}, works=True), Unknown, "", 1),
    ("an HTML page", answer(200, b"<html>Sign in</html>"), Unknown, "", 0),
    ("no JSON", answer(201, b'{"id": "job_1"', works=True), Unknown, "", 1),
    ("no object", answer(201, ["job_1"]), Unknown, "", 0),
    ("no id", answer(201, {"status": "starting"}), Unknown, "", 0),
    ("an id that is a number", answer(201, {"id": 7}), Unknown, "", 0),
    ("an empty id", answer(201, {"id": ""}), Unknown, "", 0),
    ("an id that climbs", answer(201, {"id": ".."}), Unknown, "", 0),
    ("an id of two lines", answer(201, {"id": "job\n1"}), Unknown, "", 0),
    ("an endless id", answer(201, {"id": "j" * 600}), Unknown, "", 0),
    ("a body without end", answer(201, b'{"id": "job_1", "x": "' + b"x" * (1 << 21)), Unknown, "", 0),
    ("a number beyond all", answer(201, b'{"id": "job_1", "x": 1e99999999999999999999}'), Unknown, "", 0),
    ("deeply nested", answer(201, b"[" * 200_000), Unknown, "", 0),
    ("204", answer(204), Unknown, "", 0),
    ("307", answer(307, headers=_ELSEWHERE), NotTaken, "provider_redirects", 0),
    ("308", answer(308, headers=_ELSEWHERE), NotTaken, "provider_redirects", 0),
    ("401", answer(401, _PAGE), NotTaken, "provider_key_refused", 0),
    ("403", answer(403, _PAGE), NotTaken, "provider_key_refused", 0),
    ("407", answer(407, _PAGE), NotTaken, "provider_key_refused", 0),
    ("402", answer(402, _PAGE), NotTaken, "provider_out_of_credit", 0),
    ("429", answer(429, _PAGE), NotTaken, "provider_busy", 0),
    ("404", faults.PROXY_404, Refused, "model_gone", 0),
    ("410", answer(410, {"error": "model_unavailable"}), Refused, "model_gone", 0),
    *((str(status), answer(status, _PAGE), Refused, "provider_refused", 0) for status in _REFUSALS),
    *((str(status), answer(status, {}, headers=_ELSEWHERE), Unknown, "", 0) for status in _UNPROVEN),
]  # fmt: skip
