"""What a gateway does with one event: decode, decide, redact, check, encode and seal, for each."""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.redaction.scene import AT, PURPOSE, Scene
from broker.delivering import WORDING
from redaction.decide import Deciding
from redaction.decision import Decision
from redaction.outgoing import Outgoing
from schemas.codec import decode_event
from schemas.envelope import Handling, ViewBody, encode_body
from schemas.epoch import SealingKey, announce
from schemas.sealing import SealingPrivateKey

HANDLING = Handling(onward="not-permitted", not_to_reach=("perpetrator",), keep_days=730)
OPENING_KEY, DELIVERY_ID = bytes(32), bytes(range(32))


def sealed(scene: Scene) -> Callable[[], list[bytes]]:
    """From the event's bytes to an envelope for each recipient, as the gateway seals them."""
    keys = {name: (_key(name), f"deliveries.{name}") for name in scene.recipients}

    def once() -> list[bytes]:
        event = decode_event(scene.data, scene.registry)
        deciding = Deciding(event, scene.register, scene.vocabulary, at=AT)
        outgoing = Outgoing(event, scene.register, scene.vocabulary, at=AT)
        envelopes = []
        for name in scene.recipients:
            decision = deciding.decide(recipient=name, purpose=PURPOSE)
            body = encode_body(_body(event.type, decision, outgoing))
            key, stream = keys[name]
            envelopes.append(key.seal(body, stream=stream, delivery_id=DELIVERY_ID))
        return envelopes

    return once


def decided(scene: Scene) -> Callable[[], list[Decision]]:
    """Only the decisions for each recipient: which agreement, the gates, and every field."""

    def once() -> list[Decision]:
        deciding = Deciding(scene.event, scene.register, scene.vocabulary, at=AT)
        return [deciding.decide(recipient=name, purpose=PURPOSE) for name in scene.recipients]

    return once


def _body(event_type: str, decision: Decision, outgoing: Outgoing) -> ViewBody:
    view_type, view = outgoing.encoded(decision)
    if decision.agreement is None:
        raise ValueError("the benchmark's agreement does not apply")
    ref, purpose, schema = decision.agreement, decision.purpose, view_type.digest
    handling, key = HANDLING, OPENING_KEY
    return ViewBody(
        ref.id, ref.version, ref.hash, purpose, schema, event_type, WORDING, handling, key, view
    )


def _key(name: str) -> SealingKey:
    public = SealingPrivateKey(os.urandom(96)).public
    signing = Ed25519PrivateKey.generate()
    return announce(signing, issuer="gateway", recipient=name, recipient_key=public)[0]
