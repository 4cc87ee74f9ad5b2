"""Logs: one line says a thing once, and fields that a logger gave stand behind it."""

import json
import logging

from streams.logs import formatter


def _record(**fields: object) -> logging.LogRecord:
    record = logging.LogRecord("suar", logging.INFO, __file__, 1, "%s goes on", ("a lane",), None)
    record.__dict__.update(fields)
    return record


def test_a_line_of_text_says_it_once() -> None:
    text = formatter("text")
    assert text.format(_record()).endswith(" INFO suar a lane goes on")
    assert text.format(_record(stage="admit", ms=3)).endswith(" INFO suar a lane goes on stage=admit ms=3")


def test_two_handlers_do_not_tell_each_other_s_words() -> None:
    record = _record(stage="admit")
    formatter("text").format(record)
    told = json.loads(formatter("json").format(record))
    assert set(told) - {"at"} == {"level", "logger", "message", "stage"}
    assert told["message"] == "a lane goes on"
