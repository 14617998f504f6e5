"""The same permit and forbid policies asked of Cedar: one decision for each of the 25 fields.

Every `share` is a `permit`, every `never` without a cap a `forbid`. Forms, gates and the choice of
the agreement are not asked of it, so it does less. Both its ways are timed: one call for each field
with the policies as text, and one batch with everything parsed before.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.redaction.scene import Scene, value
from redaction.agreement import AllOf, Condition, Is, Never, Share
from redaction.decision import Decision
from redaction.scopes import record_leaves


def one_by_one(scene: Scene, decision: Decision) -> Callable[[], list[bool]]:
    """One call a field, policies and entities as text: how its documentation begins.

    Raises:
        ImportError: cedarpy is not installed.
        ValueError: its decisions are not ours.
    """
    import cedarpy

    policies, requests = _policies(scene), _requests(scene, decision)

    def once() -> list[bool]:
        return [cedarpy.is_authorized(one, policies, "[]").allowed for one in requests]

    _check(once(), scene, decision)
    return once


def batch(scene: Scene, decision: Decision) -> Callable[[], list[bool]]:
    """One call for all fields, with policies and entities parsed before.

    Raises:
        ImportError: cedarpy is not installed.
        ValueError: its decisions are not ours.
    """
    import cedarpy

    policies = cedarpy.PolicySet.from_str(_policies(scene))
    entities = cedarpy.Entities.from_json_str("[]")
    requests = _requests(scene, decision)

    def once() -> list[bool]:
        answers = cedarpy.is_authorized_batch(requests, policies, entities)
        return [answer.allowed for answer in answers]

    _check(once(), scene, decision)
    return once


def _tags(scene: Scene) -> list[str]:
    return [field.tag for field, _, _ in record_leaves(scene.etype.root)]


def _requests(scene: Scene, decision: Decision) -> list[dict[str, object]]:
    told = value()
    context = {
        "children_involved": "yes" if told["children_involved"] else "no",
        "risk_level": told["risk_level"],
    }
    return [
        {
            "principal": f'Audience::"{decision.audience}"',
            "action": 'Action::"see"',
            "resource": f'Tag::"{tag}"',
            "context": context,
        }
        for tag in _tags(scene)
    ]


def _policies(scene: Scene) -> str:
    basics = 'permit (principal, action, resource == Tag::"event.basics");'
    nevers = [never for never in scene.agreement.nevers if never.clearer_than is None]
    return "\n".join(
        [
            basics,
            *(_policy("permit", share) for share in scene.agreement.shares),
            *(_policy("forbid", never) for never in nevers),
        ]
    )


def _policy(effect: str, clause: Share | Never) -> str:
    when = "" if clause.when is None else f" when {{ {_condition(clause.when)} }}"
    return "\n".join(
        f'{effect} (principal == Audience::"{audience}", action, resource == Tag::"{tag}"){when};'
        for audience in clause.to
        for tag in clause.tags
    )


def _condition(condition: Condition) -> str:
    match condition:
        case AllOf(parts=parts):
            return " && ".join(f"({_condition(part)})" for part in parts)
        case Is(fact=fact, values=values):
            words = ", ".join(f'"{word}"' for word in values)
            return f"[{words}].contains(context.{fact})"
    raise ValueError("the benchmark's agreement has a condition that is not translated")


def _check(allowed: list[bool], scene: Scene, decision: Decision) -> None:
    """Every field of a tag has one fate in this agreement, so tags can be compared."""
    ours = {field.tag for field in decision.fields if field.released}
    if {tag for tag, one in zip(_tags(scene), allowed, strict=True) if one} != ours:
        raise ValueError("Cedar decides otherwise than we do")
