"""The contract as documents that other agencies can read: a JSON Schema for each message and one AsyncAPI document.

`python -m schemas.documents` writes them anew; a test fails while the checked-in files differ from the models.
"""

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.alerts import Alert, Screening
from schemas.areas import AreaCount
from schemas.envelope import Code, Contract, System
from schemas.events import EVENTS
from schemas.heartbeat import FeedHeartbeat
from schemas.shadow import Shadowed
from schemas.topics import ALERTS, AREAS, HEARTBEAT, POLICY, SCREENINGS, SHADOW, TOPICS, Topic
from schemas.wire import SCHEMA_VERSION, Envelope

FOLDER = Path(__file__).parent / "contract"
RELEASED = "released"
"""Folder of the contracts that agencies were given, one for each version; `schemas.evolution` says what may change since."""
COMMAND = "python -m schemas.documents"

Schema = dict[str, object]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMAT = "application/schema+json;version=draft-2020-12"
_MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, with its offset."}
_REFERENCE: Schema = {
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$",
    "not": {"pattern": "(^|[^0-9])[0-9]{16}([^0-9]|$)"},
}
"""A reference never holds what looks like a NIK."""


@dataclass(frozen=True)
class _Message:
    """A message of the contract; `system` None for what Suar itself says, which has no envelope."""

    system: System | None
    kind: str
    model: type[Contract]

    @property
    def owner(self) -> str:
        return self.system.value if self.system else "suar"

    @property
    def name(self) -> str:
        return f"{self.owner}.{self.kind}"

    @property
    def path(self) -> str:
        return f"{self.owner}/{self.kind}.json"

    @property
    def description(self) -> str:
        return inspect.getdoc(self.model) or ""


_OWN = {
    ALERTS.name: _Message(None, "alert", Alert),
    SCREENINGS.name: _Message(None, "screening", Screening),
    SHADOW.name: _Message(None, "shadowed", Shadowed),
    AREAS.name: _Message(None, "area_count", AreaCount),
}
_MESSAGES = (
    *(_Message(event.system, event.type, event) for event in EVENTS),
    *(_Message(system, HEARTBEAT, FeedHeartbeat) for system in System),
    *_OWN.values(),
)


class _Published(GenerateJsonSchema):
    """JSON Schema as a publisher reads it: codes stay open, and an identifier shows the form that is kept.

    Readers are wider: a code that is not listed becomes UNKNOWN, spaces and hyphens in a document number go.
    """

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An open string with the values of today, not a closed list."""
        found = super().enum_schema(schema)
        if issubclass(schema["cls"], Code):
            found["x-known-values"] = found.pop("enum")
        return found

    def chain_schema(self, schema: core_schema.ChainSchema) -> JsonSchemaValue:
        """The last step of a normalised identifier carries its pattern."""
        return self.generate_inner(schema["steps"][-1])

    def field_title_should_be_set(self, schema: object) -> bool:
        """A title that repeats the name says nothing."""
        return False


def documents() -> dict[str, str]:
    """Every document by its path inside `FOLDER`, with its exact text."""
    texts = {message.path: _text(_schema(message)) for message in _MESSAGES}
    return {**texts, "asyncapi.json": _text(_asyncapi())}


def write(folder: Path = FOLDER) -> None:
    """Makes `folder` hold the generated documents and no other JSON file, beside those that were released."""
    wanted = documents()
    for path, text in wanted.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for path in _held(folder) - wanted.keys():
        (folder / path).unlink()


def drift(folder: Path = FOLDER) -> list[str]:
    """What in `folder` is missing, differs or has no model; empty when files and models agree."""
    wanted = documents()
    held = _held(folder)
    return sorted(
        [f"{path}: missing" for path in wanted.keys() - held]
        + [f"{path}: no model" for path in held - wanted.keys()]
        + [f"{path}: differs" for path in held & wanted.keys() if _read(folder / path) != wanted[path]]
    )


def _held(folder: Path) -> set[str]:
    found = {file.relative_to(folder) for file in folder.rglob("*.json")}
    return {path.as_posix() for path in found if path.parts[0] != RELEASED}


def _read(file: Path) -> str:
    return file.read_bytes().decode()


def _text(document: Schema) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _schema(message: _Message) -> Schema:
    mode: Literal["validation", "serialization"] = "validation" if message.system else "serialization"
    body: Schema = message.model.model_json_schema(schema_generator=_Published, mode=mode)
    head: Schema = {"$schema": _DIALECT, "$id": f"urn:suar:{message.owner}:{message.kind}:{SCHEMA_VERSION}"}
    return {**head, **(_enveloped(message.system, message, body) if message.system else body)}


def _enveloped(system: System, message: _Message, body: Schema) -> Schema:
    """The envelope's attributes are read from `wire.Envelope`, so that document and reader name the same ones."""
    envelope: Schema = msgspec.json.schema(Envelope)["$defs"]["Envelope"]
    attributes = envelope["properties"]
    definitions = body.pop("$defs", {})
    if not isinstance(attributes, dict) or not isinstance(definitions, dict):
        raise TypeError("a JSON Schema keeps properties and $defs as objects")
    known: Schema = {
        "id": {"type": "string", **_REFERENCE},
        "source": {"const": system.value},
        "type": {"const": message.kind},
        "time": {**_MOMENT, "title": "When it happened in the field"},
        "recorded_at": {**_MOMENT, "title": "When the agency's system took it down"},
        "specversion": {"const": "1.0", "default": "1.0"},
        "schema_version": {"const": SCHEMA_VERSION, "default": SCHEMA_VERSION},
        "retracts": {"type": ["string", "null"], **_REFERENCE, "title": "Id of the event that was wrong"},
        "supersedes": {"type": ["string", "null"], **_REFERENCE, "title": "Id of the event that this one replaces"},
        "data": {"$ref": f"#/$defs/{message.model.__name__}"},
    }
    return {
        **envelope,
        "title": message.name,
        "description": message.description,
        "properties": {**attributes, **known},
        "$defs": {message.model.__name__: body, **definitions},
    }


def _asyncapi() -> Schema:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Suar",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": "What agencies tell Suar, and what Suar tells checkpoints and coordinators. It advises; it never decides. "
            "The `data` of an agency's event may be sealed: a compact JWE (ECDH-ES over X25519, A256GCM, with `kid`) of what its schema "
            "says, and `datacontenttype` is then `application/jose`.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {f"{_action(topic)}.{topic.name}": _operation(topic) for topic in TOPICS},
        "components": {"messages": {message.name: _message(message) for message in _MESSAGES}},
    }


def _channel(topic: Topic) -> Schema:
    return {
        "address": topic.name,
        "description": topic.purpose,
        **({"x-data-sharing-agreement": topic.agreement} if topic.agreement else {}),
        "messages": {m.kind: {"$ref": f"#/components/messages/{m.name}"} for m in _MESSAGES if _carries(topic, m)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {name: _setting(name, value) for name, value in topic.settings().items()},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _carries(topic: Topic, message: _Message) -> bool:
    if topic.system is None:
        return _OWN.get(topic.name) == message
    return topic.system is message.system and message.kind in {*topic.events, HEARTBEAT}


def _setting(name: str, value: str) -> object:
    """Kafka's settings are text; the AsyncAPI binding wants lists and numbers."""
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.isdecimal() else value


def _operation(topic: Topic) -> Schema:
    return {"action": _action(topic), "channel": {"$ref": f"#/channels/{topic.name}"}}


def _action(topic: Topic) -> str:
    """As Suar sees it: agencies and the task force speak, Suar listens."""
    return "receive" if topic.system or topic == POLICY else "send"


def _message(message: _Message) -> Schema:
    return {
        "name": message.kind,
        "title": message.name,
        "summary": message.description.partition("\n")[0],
        "contentType": "application/cloudevents+json" if message.system else "application/json",
        "payload": {"schemaFormat": _FORMAT, "schema": {"$ref": f"./{message.path}"}},
    }


if __name__ == "__main__":
    write()
