"""Checks overrides: that each can release what it names, on a law, and be reviewed in time."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.agreement import Override
from redaction.checks_names import audience_faults, form_faults, tag_faults, words_faults
from redaction.spots import Spot
from redaction.subject import Subject, addresses
from redaction.text import Problem
from redaction.words import nearest

# which classes need an article of their own, as the first words of an instrument's name
_ARTICLES = {"special-category": "gdpr-9", "criminal-offence": "gdpr-10"}


def override_problems(subject: Subject) -> Iterator[Problem]:
    """Everything that is wrong with an override by itself or beside the clauses (rule 11)."""
    for override in subject.agreement.overrides:
        carriers = tuple(spot for tag in override.tags for spot in subject.carriers(tag))
        faults = [
            *audience_faults(subject.agreement, override),
            *tag_faults(subject, override),
            *form_faults(override.form, carriers),
            *words_faults(subject, override.form, carriers),
            *_class_faults(subject, override, carriers),
            *_lift_faults(subject, override, carriers),
            *_dead_faults(subject, override),
        ]
        if override.review_within_hours > override.expires_after_hours:
            faults.append("it is reviewed only after it has expired, when nothing can be stopped")
        for fault in dict.fromkeys(faults):
            yield subject.in_clause(override, fault)


def _class_faults(
    subject: Subject, override: Override, carriers: tuple[Spot, ...]
) -> Iterator[str]:
    """Classes that nothing lifts, and classes that need a law of their own."""
    for spot in carriers:
        tag, classes = spot.field.tag, subject.classes(spot)
        for name in sorted(classes & subject.vocabulary.unliftable):
            yield f"`{tag}` is {name} data, which no override releases"
        for name, article in _ARTICLES.items():
            named = (f"{basis}-".startswith(f"{article}-") for basis in override.legal_basis)
            if name in classes and not any(named):
                yield (
                    f"it releases {name} data, `{tag}`, without `{article}` or a part of it, such "
                    f"as `{article}-2`, in its `legal_basis`"
                )


def _lift_faults(subject: Subject, override: Override, carriers: tuple[Spot, ...]) -> Iterator[str]:
    nevers = {never.id: never for never in subject.agreement.nevers}
    others = {share.id for share in subject.agreement.shares}
    others |= {other.id for other in subject.agreement.overrides}
    for name in override.lifts:
        if name in nevers:
            never = nevers[name]
            meets = any(addresses(never, audience) for audience in override.to)
            if carriers and not (meets and any(subject.touches(never, spot) for spot in carriers)):
                yield f"`lifts` names clause {name}, which withholds nothing that this releases"
        elif name in others:
            yield f"`lifts` names clause {name}, which is no `never`"
        elif "clauses" not in subject.damaged:
            near = nearest(name, nevers, ids=True)
            yield f"`lifts` names clause `{name}`, which does not exist{near}"


def _dead_faults(subject: Subject, override: Override) -> Iterator[str]:
    """Tags that a `never` withholds always, and that it is not said to lift."""
    for tag in override.tags:
        for audience in override.to:
            beaten = [
                subject.always_withheld(override.form, spot, audience, lifted=override.lifts)
                for spot in subject.carriers(tag)
            ]
            if beaten and all(beaten) and beaten[0] is not None:
                never = beaten[0].id
                yield (
                    f"clause {never} always withholds `{tag}` from `{audience}`; "
                    f'name it in `lifts: ["{never}"]`'
                )
