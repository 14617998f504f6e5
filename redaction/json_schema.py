"""The JSON Schema of the agreement language, with which editors complete and check a text.

Its words come from the model and the reader: forms, units, patterns and limits are theirs. It
sees spelling only, and not all of it: dates that no calendar has, ages out of order and bounds
that contradict each other are for the reader; what the words mean together is for the checks.
"""

from __future__ import annotations

import json
from typing import Final

from redaction.agreement import ANYONE, RECIPIENT, OnWithdrawal
from redaction.json_schema_parts import (
    CONDITION,
    Schema,
    amount,
    condition,
    day,
    form,
    items,
    line,
    listed,
    mapping,
    number,
    one_of,
    sentence,
    word,
    words,
)
from redaction.reading import MAX_VERSION, OPTIONAL, REQUIRED
from redaction.reading_consent import PRESUMED
from redaction.reading_overrides import MAX_AUTHORISERS
from redaction.reading_sections import CLOCK, LANGUAGE, WITHIN
from redaction.words import MAX_PARTS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_RESERVED: Final = (ANYONE, RECIPIENT)
_YES: Final = ("yes",)
_TO: Final = "The audiences, by name"
_NOT_TOLD: Final = "Readers whose explanation this clause does not change, such as `perpetrators`"
_REVEALS: Final = "Facts that an audience can infer from what it gets or does not get here"


def language_schema() -> Schema:
    """The schema, draft 2020-12, as JSON values."""
    sections = _sections()
    schema = mapping(
        "An information-sharing agreement as Caseward executes it",
        {name: sections[name] for name in REQUIRED},
        {name: sections[name] for name in OPTIONAL},
    )
    return (
        {"$schema": DIALECT, "title": "Caseward agreement"}
        | schema
        | {"$defs": {"condition": condition()}}
    )


def language_schema_text() -> str:
    """The schema as it stands in `schemas/json/agreement-language.json`."""
    return json.dumps(language_schema(), indent=2, ensure_ascii=False) + "\n"


def _sections() -> dict[str, Schema]:
    return {
        "agreement": word("The agreement's stable name; its versions are counted"),
        "version": number("Counted up with every change", least=1, most=MAX_VERSION),
        "title": line("The agreement's title"),
        "language": word("The language of its sentences", pattern=LANGUAGE.pattern),
        "time_zone": word("In which its days begin and end, such as `Europe/London`"),
        "vocabulary": word("The vocabulary of tags it was drafted against"),
        "publishers": words("The agencies whose events it governs"),
        "event_types": words("The types of events it governs"),
        "purposes": words("The purposes for which events are shared under it"),
        "audiences": _audiences(),
        "in_force": mapping(
            "The first and the last day, both inclusive",
            {"from": day("The first day"), "until": day("The last day")},
        ),
        "clauses": listed(
            "What is shared, and what never is",
            {"anyOf": [_share(), _never()]},
        ),
        "calendars": _calendars(),
        **_papers(),
        **_duties(),
        "consent": listed("Whose consent is read how", _consent()),
        "overrides": listed("Breach of confidentiality for serious risk", _override()),
    }


def _calendars() -> Schema:
    return {
        "description": "For each use, such as `school`, a calendar of the register",
        "type": "object",
        "additionalProperties": word("The calendar's name in the register"),
        "maxProperties": MAX_PARTS,
    }


def _audiences() -> Schema:
    more = {"when": CONDITION, "reveals": words(_REVEALS)}
    agency = {"agency": word("The one agency")}
    named = {"named_in": word("The tag of the field that names the agency")}
    role = {
        "role": word("The role in the register"),
        "all_of_role": one_of("Said so that nobody addresses a whole role by mistake", _YES),
    }
    return {
        "description": "Who is addressed, each by a name that the clauses use",
        "type": "object",
        "propertyNames": {"not": {"enum": list(_RESERVED)}},
        "additionalProperties": {
            "description": "One agency, the agencies named in a field, or all of a role",
            "anyOf": [mapping("Who is addressed", one, more) for one in (agency, named, role)],
        },
        "minProperties": 1,
        "maxProperties": MAX_PARTS,
    }


def _papers() -> dict[str, Schema]:
    opinion = mapping(
        "One authority's opinion",
        {
            "authority": line("The data-protection authority"),
            "reference": line("Its reference"),
            "date": day("When it was given"),
            "outcome": word("`favourable`, or a word that begins with it"),
        },
        {"of": words("The parties under this authority; without it, all")},
    )
    basis = mapping(
        "The law on which data goes to one audience",
        {"of": word("The audience"), "instruments": words("Articles and acts")},
        {
            "special_category": words("The basis for special categories (GDPR article 9)"),
            "criminal_offence": words("The basis for offences (GDPR article 10)"),
        },
    )
    assessment = {
        "reference": line("Its reference"),
        "date": day("When it was made"),
        "review_by": day("When it has to be reviewed"),
    }
    return {
        "legal_basis": listed("On what law data goes to each audience", basis),
        "drafted_with": listed("The opinions that it was drafted with", opinion),
        "dpia": mapping("The data-protection impact assessment", assessment),
    }


def _duties() -> dict[str, Schema]:
    of = {"of": word("The audience")}
    fixed = {
        "rule": one_of("The morning of the next school day", ("next-school-day",)),
        "at": {"description": "HH:MM", "type": "string", "pattern": f"^{CLOCK.pattern}$"},
        "calendar": word("The use of a calendar named in `calendars`"),
    }
    hours = {"rule": {"description": "N hours", "type": "string", "pattern": f"^{WITHIN.pattern}$"}}
    handling = {
        "not_to_reach": words("Who must not learn of it"),
        "keep_for": amount("How long it may be kept", ("days",)),
    }
    training = {
        "valid_for": amount("How long a course is valid; without it, for ever", ("months",))
    }
    return {
        "requires": listed(
            "Training that somebody at the audience must hold",
            mapping("One course", of | {"training": word("The course")}, training),
        ),
        "deliver_by": listed(
            "When an audience must have been told",
            {"anyOf": [mapping("A deadline", of | rule) for rule in (fixed, hours)]},
        ),
        "handling": listed(
            "What the recipient must and must not do",
            mapping("One rule", of | {"onward": word("Whether it may be passed on")}, handling),
        ),
    }


def _consent() -> Schema:
    decider = word("Who decides at this age, such as `parent` or the person's own word")
    ages = {
        "description": "Who decides: first `under_12`, then `from_12` and later ages, if any",
        "type": "object",
        "patternProperties": {"^(under|from)_[1-9][0-9]{0,2}$": decider},
        "additionalProperties": False,
        "minProperties": 2,
    }
    return mapping(
        "The rule for one person's consent",
        {
            "of": word("The person, as tags begin: `victim`, `child`"),
            "on_withdrawal": one_of(
                "What recipients do with what falls away", (after.value for after in OnWithdrawal)
            ),
        },
        {"by_age": ages, "presumed": one_of("What no answer means", PRESUMED)},
    )


def _clause() -> dict[str, Schema]:
    return {
        "text": sentence("The clause in plain words"),
        "when": CONDITION,
        "reveals": words(_REVEALS),
        "not_told_to": words(_NOT_TOLD),
    }


def _share() -> Schema:
    reason = {"reason": one_of("No reason recorded, no release", _YES)}
    return mapping(
        "A clause that shares",
        {
            "id": word("The clause's number"),
            "share": words("The tags, each by its own name"),
            "to": words(_TO),
        },
        {
            **_clause(),
            "as": form("In which form; `clear` without it"),
            "from": words("Of which publishers; all without it"),
            "items": items(),
            "needs": mapping("What must be recorded", reason),
        },
    )


def _never() -> Schema:
    reached = mapping(
        "Tags, or classes of the vocabulary with every later tag",
        {},
        {"tag": words("Tags"), "class": words("Classes of the vocabulary")},
    )
    return mapping(
        "A clause that withholds, whatever is shared elsewhere",
        {
            "id": word("The clause's number"),
            "never": {
                "description": "The tags, or `{class: ...}`, `{tag: ...}` or both",
                "anyOf": [words("The tags"), reached | {"minProperties": 1}],
            },
            "to": words(f"{_TO}, or `{ANYONE}`"),
        },
        {**_clause(), "clearer_than": form("What may still be told", clear=False)},
    )


def _override() -> Schema:
    needs = {
        "justification": one_of("It is always written down", _YES),
        "authorisers": number("How many sign", least=1, most=MAX_AUTHORISERS),
        "of_rank": word("Of which rank"),
    }
    return mapping(
        "What may be released for serious risk once it is authorised",
        {
            "id": word("The override's number"),
            "releases": words("The tags, each by its own name"),
            "to": words(_TO),
            "legal_basis": words("Articles and acts of its own"),
            "needs": mapping("Who authorises it", needs),
            "expires_after": amount("When it ends by itself", ("hours",)),
            "review_within": amount("When it must have been reviewed", ("hours",)),
        },
        {
            "text": sentence("The override in plain words"),
            "as": form("In which form at most; `clear` without it"),
            "lifts": words("The `never` clauses that it may lift, by number"),
            "not_told_to": words(_NOT_TOLD),
        },
    )
