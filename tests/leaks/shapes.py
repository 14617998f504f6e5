"""Leaks of classes T1, T2, T4 and T5: types, containers, later fields, defaults."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from redaction.agreement import Form
from redaction.scopes import Place
from schemas.codec import WITHHELD
from schemas.errors import EventRefused, SchemaError
from tests.leaks.patching import around, leak, unchecked, view

CANARY = "canary"
DIFFERENTIAL = "tests/redaction/test_differential.py"


@leak("T1", "the rule of a named type's first use serves its second", fast=True)
def first_use_of_a_type_rules_the_second() -> None:
    def change(rule: Any) -> Any:
        known: dict[Any, Any] = {}

        def cached(self: Any, field: Any, kind: Any, place: Place) -> Any:
            key = (id(self), field.name, kind)
            if key not in known:
                known[key] = self, rule(self, field, kind, place)  # held, so its id stays its own
            return known[key][1]

        return cached

    around("redaction.clauses:Tables.rule", change)


@leak("T1", "a `never` is not looked for below the second container")
def nevers_end_at_the_second_container() -> None:
    def change(reaches: Any) -> Any:
        return lambda self, never, chain: reaches(self, never, chain[1:] or chain)

    around("redaction.clauses:Tables._reaches", change)


@leak("T1", "a type that cannot be resolved is taken for a text")
def unresolved_type_is_a_text() -> None:
    def change(load: Any) -> Any:
        def loaded(text: str, *args: Any, **named: Any) -> Any:
            try:
                return load(text, *args, **named)
            except SchemaError:
                schema = json.loads(text)
                for field in schema["fields"][1:]:
                    field["type"] = "string"
                return load(json.dumps(schema), *args, **named)

        return loaded

    around("schemas.registry:load_event_type", change)


@leak("T1", "what any clause could release is released whatever was decided", DIFFERENTIAL)
def whatever_could_be_released_is() -> None:
    def change(judge: Any) -> Any:
        def judged(rule: Any, given: Any, *same: Any) -> Any:
            verdict = judge(rule, given, *same)
            if verdict.form is None and Form.CLEAR in rule.possible and rule.shares:
                return replace(verdict, form=Form.CLEAR, clause=rule.shares[0].id)
            return verdict

        return judged

    unchecked()
    around("redaction.judging:judge", change)


@leak("T2", "a `never` on a container does not reach what is in it", fast=True)
def container_never_reaches_nothing_below() -> None:
    def change(reaches: Any) -> Any:
        return lambda self, never, chain: reaches(self, never, chain[-1:])

    around("redaction.clauses:Tables._reaches", change)


@leak("T2", "an inner tag is overridden by its container's", fast=True)
def inner_tag_is_overridden_by_its_container() -> None:
    def change(rule: Any) -> Any:
        def outer(self: Any, field: Any, kind: Any, place: Place) -> Any:
            return rule(self, replace(field, tag=field.chain[0]), kind, place)

        return outer

    unchecked()
    around("redaction.clauses:Tables.rule", change)


@leak("T2", "a map's keys are shown whatever becomes of the map")
def map_keys_are_always_shown() -> None:
    def change(rule: Any) -> Any:
        def keys(self: Any, field: Any, kind: Any, place: Place) -> Any:
            found = rule(self, field, kind, place)
            return replace(found, basics=True) if kind is None else found

        return keys

    around("redaction.clauses:Tables.rule", change)


@leak("T2", "a tuple where a list is meant is let through")
def tuple_passes_for_a_list() -> None:
    def change(encode: Any) -> Any:
        def encoded(event: Any) -> bytes:
            try:
                made: bytes = encode(event)
            except EventRefused:
                return b""
            return made

        return encoded

    around("schemas.codec:encode_event", change)


@leak("T4", "a field without a tag takes the first tag of the vocabulary", fast=True)
def untagged_field_takes_some_tag() -> None:
    def change(load: Any) -> Any:
        def loaded(text: str, words: Any, *args: Any, **named: Any) -> Any:
            schema = json.loads(text)
            some = next(tag for tag in words.tags if not tag.startswith("event."))
            for field in schema["fields"][1:]:
                if field.get("tag") not in words.tags and field["type"] == "string":
                    field["tag"] = some
            return load(json.dumps(schema), words, *args, **named)

        return loaded

    around("schemas.registry:load_event_type", change)


@leak("T4", "what no clause names is shared, as only known-bad fields are listed", fast=True)
def unnamed_tags_are_shared() -> None:
    def change(rule: Any) -> Any:
        def bad_ones(self: Any, field: Any, kind: Any, place: Place) -> Any:
            found = rule(self, field, kind, place)
            if found.shares or found.nevers or found.summary:
                return found
            always = replace(next(iter(self._asked.agreement.shares)), form=Form.CLEAR)
            share = self._share(replace(always, when=None, items=None, needs_reason=False))
            possible = frozenset({Form.CLEAR})
            return replace(found, shares=(share,), possible=possible)

        return bad_ones

    around("redaction.clauses:Tables.rule", change)


@leak("T4", "a field that stands after the known ones is left as it is")
def later_fields_pass_through() -> None:
    def change(derive: Any) -> Any:
        def derived(etype: Any, possible: Any) -> Any:
            def more(place: Place) -> frozenset[Form]:
                return possible(place) or frozenset({Form.CLEAR} if "later" in place else ())

            return derive(etype, more)

        return derived

    around("redaction.views:derive", change)
    view(lambda value, seen: value if seen is WITHHELD and CANARY in str(value) else seen)


@leak("T5", "a field that is never shown stands in the view's schema", fast=True)
def dropped_fields_stay_in_the_schema() -> None:
    def change(derive: Any) -> Any:
        return lambda etype, possible: derive(
            etype, lambda place: possible(place) or frozenset({Form.PRESENT})
        )

    unchecked()
    around("redaction.views:derive", change)


@leak("T5", "a withheld number comes back as nought")
def withheld_numbers_are_nought() -> None:
    def change(derive: Any) -> Any:
        return lambda etype, possible: derive(
            etype, lambda place: possible(place) or frozenset({Form.CLEAR})
        )

    around("redaction.views:derive", change)
    view(lambda value, seen: 0 if seen is WITHHELD and type(value) is int else seen)


@leak("T5", "the view's schema tells the tags of what it has not got")
def schema_tells_what_was_dropped() -> None:
    def change(derive: Any) -> Any:
        def derived(etype: Any, possible: Any) -> Any:
            shape, text = derive(etype, possible)
            avro = json.loads(text)
            avro["doc"] = "without " + ", ".join(f.tag for f in etype.root.fields)
            return shape, json.dumps(avro)

        return derived

    around("redaction.views:derive", change)


@leak("T1", "in place of a leaf the bytes of the one after it are copied", DIFFERENTIAL)
def leaves_are_cut_one_too_far() -> None:
    """The checker is left in place: it trusts the same cuts."""

    def change(inlined: Any) -> Any:
        def written(etype: Any) -> Any:
            read = inlined(etype)

            def shifted(data: bytes) -> Any:
                found = read(data)
                if found is None:
                    return None
                value, spelled = found
                first, *others = spelled.leaves
                return value, spelled._replace(leaves=(*others, first))

            return shifted

        return written

    around("schemas.wire_inlined:inlined", change)


@leak("T4", "where a leaf is withheld its bytes are copied as if it were shown", DIFFERENTIAL)
def withheld_leaves_are_copied() -> None:
    def change(leaf: Any) -> Any:
        def written(self: Any, shape: Any, *args: Any) -> Any:
            decided = args[-1]
            if decided.form is None and shape.clear is not None:
                decided = replace(decided, form=Form.CLEAR)
            return leaf(self, shape, *args[:-1], decided)

        return written

    unchecked()
    around("redaction.making:_Draft._leaf", change)


@leak("T9", "a view is sent again for every event with the same outcome", DIFFERENTIAL)
def views_are_remembered() -> None:
    def change(write: Any) -> Any:
        made: dict[int, Any] = {}

        def again(self: Any, *args: Any) -> Any:
            if id(self) not in made:
                made[id(self)] = (self, write(self, *args))
            return made[id(self)][1]

        return again

    unchecked()
    around("redaction.making:Recipe.write", change)
