"""Offsets without a record: transactions of agencies leave them in the middle of a log and at its end."""

import json

from confluent_kafka import Producer

from schemas.topics import BY_NAME, FACTS
from streams.produce import Record
from tests.broker.installation import Installation, metric
from tests.broker.people import Event, Traveller
from tests.drills.workers import until

PASSPORTS, PLACE = BY_NAME["simkim.passports"], 5


def _admitted(suar: Installation, event: Event) -> bool:
    name = f'"id":"{event["source"]}/{event["id"]}"'.encode()
    return any(name in (one.value or b"") for one in suar.read(FACTS))


def test_br073_holes_in_an_agency_s_log_are_stepped_over(suar: Installation) -> None:
    """Transactions leave offsets without a record; what was aborted was never said."""
    worker = suar.ready_worker()
    people = [Traveller() for _ in range(6)]
    producer = Producer(
        {
            "bootstrap.servers": suar.local.kafka.address,
            "transactional.id": f"{suar.namespace}-agency",
            "log_level": 0,
        }
    )
    producer.init_transactions(20)
    for who in people:
        producer.begin_transaction()
        for event in (who.applied(), who.issued()):
            producer.produce(PASSPORTS.name, json.dumps(event).encode(), event["id"].encode(), PLACE)
        producer.commit_transaction(20)
    unsaid = Traveller()
    producer.begin_transaction()
    producer.produce(PASSPORTS.name, json.dumps(unsaid.issued()).encode(), b"unsaid", PLACE)
    producer.flush(10)
    producer.abort_transaction(20)
    plain = Traveller().issued()
    suar.publish([Record(PASSPORTS.name, b"plain", json.dumps(plain).encode(), PLACE)])
    until(lambda: all(_admitted(suar, event) for event in (*(who.issued() for who in people), plain)), "all", limit=30)
    until(lambda: worker.ready, "and on")
    assert not _admitted(suar, unsaid.issued())
    producer.begin_transaction()
    producer.produce(PASSPORTS.name, json.dumps(unsaid.issued()).encode(), b"unsaid", PLACE)
    producer.flush(10)
    producer.abort_transaction(20)
    until(
        lambda: metric(worker, "suar_lag_records", topic=PASSPORTS.name) > 0, "the end of the log is seen to have moved"
    )
    until(
        lambda: metric(worker, "suar_lag_records", topic=PASSPORTS.name) == 0,
        "a marker at the end is no record that waits",
    )
    suar.publish([Record(PASSPORTS.name, b"last", json.dumps(Traveller().issued()).encode(), PLACE)])
    suar.settle()
