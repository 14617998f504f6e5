"""Client-side field encryption as confluent-kafka has it, for one value of one record type.

The rules run in this process with a local key; the registries are the package's own in-memory ones.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

TAGS = {"confluent:tags": ["HIDDEN"]}
_NUMBERS = itertools.count()


def encrypted(
    fields: list[dict[str, Any]],
    value: dict[str, Any],
    *,
    secret: str | None = "a local secret",
    algorithm: str | None = None,
) -> bytes:
    """The message that a producer would send, with every field of `TAGS` encrypted by its rule.

    Args:
        fields: the fields of an Avro record.
        value: the record's value.
        secret: the local key; None for none.
        algorithm: that of the data key; None is the package's own choice.
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
    topic = f"topic-{next(_NUMBERS)}"
    params = {
        "encrypt.kek.name": f"kek-{topic}",
        "encrypt.kms.type": "local-kms",
        "encrypt.kms.key.id": "key",
    }
    if algorithm is not None:
        params["encrypt.dek.algorithm"] = algorithm
    rule = Rule(
        name="hide",
        doc="",
        kind=RuleKind.TRANSFORM,
        mode=RuleMode.WRITEREAD,
        type="ENCRYPT",
        tags=["HIDDEN"],
        params=RuleParams(params),
        expr=None,
        on_success=None,
        on_failure="ERROR,NONE",
        disabled=False,
    )
    rules = RuleSet(migration_rules=None, domain_rules=[rule])
    schema = {"type": "record", "name": "Made", "namespace": "caseward.made", "fields": fields}
    client = SchemaRegistryClient.new_client({"url": "mock://"})
    client.register_schema(
        f"{topic}-value",
        Schema(json.dumps(schema), "AVRO", references=[], metadata=None, rule_set=rules),
    )
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    given = {} if secret is None else {"secret": secret}
    serializer = AvroSerializer(client, conf=conf, rule_conf=given)
    data = serializer(value, SerializationContext(topic, MessageField.VALUE))
    if not isinstance(data, bytes):
        raise ValueError("nothing was serialised")
    return data
