"""Logs as JSON: one object a line, whatever is said; as text they are as they were."""

import json
import logging
import logging.config

import pytest

from streams import logs
from streams.worker import Seldom


def test_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(logs.formatter("json"))
    told = logging.Logger("suar.test")
    told.addHandler(handler)
    told.warning("%s waits for %s\nand says so", "react/suar.facts/3", "redis")
    try:
        {}["none"]
    except KeyError:
        told.exception("it failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"]) == ("WARNING", "suar.test")
    assert first["message"] == "react/suar.facts/3 waits for redis\nand says so"
    assert first["at"].endswith("Z")
    assert "KeyError: 'none'" in second["error"]


def test_the_gateway_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    held = logs.of_uvicorn("info")
    before = logging.root.handlers[:], logging.root.level
    try:
        logging.config.dictConfig({**held, "incremental": False})
        logging.getLogger("uvicorn.error").disabled = False  # what other tests configure disables loggers that exist
        logging.getLogger("uvicorn.error").info("started")
    finally:
        logging.root.handlers[:], logging.root.level = before
    assert json.loads(capsys.readouterr().err)["message"] == "started"
