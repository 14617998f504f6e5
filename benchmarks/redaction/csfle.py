"""Client-side field-level encryption as confluent-kafka has it: five fields, then Avro.

The rules run in this process with a local key; the schema registry and the registry of data keys
are the package's own in-memory ones (`mock://`), so no network is timed. It is the producer's half
only, as ours is. It starts from a value, ours from bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.redaction.scene import FIVE, SCHEMA, value

SUBJECT = "events-value"


def encrypted() -> Callable[[], bytes]:
    """From the event's value to the bytes that a producer would send.

    Raises:
        ImportError: confluent-kafka with its rules is not installed.
        ValueError: a field that should be encrypted is still to be read in the bytes.
    """
    from confluent_kafka.schema_registry import (
        Rule,
        RuleKind,
        RuleMode,
        RuleParams,
        RuleSet,
        Schema,
        SchemaRegistryClient,
    )
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import (
        FieldEncryptionExecutor,
    )
    from confluent_kafka.schema_registry.rules.encryption.localkms.local_driver import (
        LocalKmsDriver,
    )
    from confluent_kafka.serialization import MessageField, SerializationContext

    LocalKmsDriver.register()
    FieldEncryptionExecutor.register()
    params = {
        "encrypt.kek.name": "kek",
        "encrypt.kms.type": "local-kms",
        "encrypt.kms.key.id": "key",
    }
    rule = Rule(
        name="five-fields",
        doc="",
        kind=RuleKind.TRANSFORM,
        mode=RuleMode.WRITEREAD,
        type="ENCRYPT",
        tags=["PII"],
        params=RuleParams(params),
        expr=None,
        on_success=None,
        on_failure="ERROR,NONE",
        disabled=False,
    )
    schema = _tagged(json.loads(SCHEMA))
    client = SchemaRegistryClient.new_client({"url": "mock://"})
    rules = RuleSet(migration_rules=None, domain_rules=[rule])
    client.register_schema(
        SUBJECT, Schema(json.dumps(schema), "AVRO", references=[], metadata=None, rule_set=rules)
    )
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    serializer = AvroSerializer(client, conf=conf, rule_conf={"secret": "a local secret"})
    context = SerializationContext("events", MessageField.VALUE)

    def once() -> bytes:
        # A rule may change the value that it is given, so each message has its own, as it would.
        data = serializer(value(), context)
        if not isinstance(data, bytes):
            raise ValueError("nothing was serialised")
        return data

    _check(once())
    return once


def _tagged(node: Any) -> Any:
    """The schema with the package's own annotation on the five fields, and on no others."""
    if isinstance(node, list):
        return [_tagged(each) for each in node]
    if not isinstance(node, dict):
        return node
    tagged = {key: _tagged(each) for key, each in node.items()}
    if node.get("tag") in FIVE:
        tagged["confluent:tags"] = ["PII"]
    return tagged


def _check(data: bytes) -> None:
    told = value()
    hidden = (
        told["header"]["on_behalf_of"],
        told["incident"]["circumstances"],
        told["victim"]["name"],
        told["victim"]["phone"],
        told["perpetrator"]["name"],
    )
    if any(text.encode() in data for text in hidden) or b"northmoor-primary-school" not in data:
        raise ValueError("other fields are encrypted than the five that should be")
