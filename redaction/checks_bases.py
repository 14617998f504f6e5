"""Checks that what goes to an audience has its legal basis, sensitive classes one of their own."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.subject import Subject
from redaction.text import Problem

# which classes need a legal basis of their own, and under which key it is written
_CLASSES = {
    "special-category": ("special_category", "GDPR article 9"),
    "criminal-offence": ("criminal_offence", "GDPR article 10"),
}


def basis_problems(subject: Subject) -> Iterator[Problem]:
    """Every audience needs a legal basis; sensitive classes need one of their own."""
    agreement = subject.agreement
    if "legal_basis" in subject.damaged:
        return
    for audience in agreement.audiences:
        bases = [basis for basis in agreement.legal_basis if basis.of == audience.name]
        if not bases:
            message = f"audience `{audience.name}` has no legal basis"
            yield subject.at("legal_basis", message)
            continue
        for name, (key, article) in _CLASSES.items():
            if not any(getattr(basis, key) for basis in bases):
                needed = f"`{key}` ({article}) in its legal basis"
                yield from _without_basis(subject, audience.name, name, needed)


def _without_basis(subject: Subject, audience: str, name: str, needed: str) -> Iterator[Problem]:
    for share in subject.agreement.shares:
        sensitive = [
            tag
            for tag in share.tags
            if audience in share.to
            and any(name in subject.classes(spot) for spot in subject.carriers(tag))
        ]
        if sensitive:
            message = f"audience `{audience}` gets {name} data, `{sensitive[0]}`, without {needed}"
            yield subject.in_clause(share, message)
