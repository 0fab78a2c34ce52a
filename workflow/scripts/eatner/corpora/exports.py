"""Records of annotation tools, brought into one shape: text and spans, or tokens and tags.

A tool's record also says whether a person finished it. What was rejected, skipped, discarded or
never annotated is no gold, not even for "no entity here".

- Label Studio's tasks: https://labelstud.io/guide/export (JSON; JSON-MIN is read as it is)
- Prodigy's examples: https://prodi.gy/docs/api-interfaces
- Argilla's records: of version 1 (`annotation`) and of version 2 (`responses`)
- spaCy's training JSON of version 2 (`paragraphs`), and its `Doc.to_json` with sentences
- GLiNER's training data: `tokenized_text`, `ner` with the numbers of the first and last token
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eatner.corpora.iob import TokenError, encode
from eatner.corpora.json_spans import are_spans, first_of, parse
from eatner.corpora.json_values import is_pair
from eatner.corpora.notes import Notes
from eatner.corpora.tokens import Place, Word, find
from eatner.errors import InputError

Fields = Mapping[str, object]
# Why a record is no gold: nobody annotated it.
UNFINISHED = "nobody annotated it, or the annotator skipped it"
_STATUSES = ("Default", "Edited", "Discarded", "Validated")
ANSWERS = ("accept", "reject", "ignore")
# What the result of a task of Label Studio has beside entities, without a place in the text.
_WITHOUT_PLACES = {
    "choices", "relation", "rating", "taxonomy", "textarea", "number", "datetime", "pairwise",
}  # fmt: skip
_PREDICTIONS = ("prediction", "predictions", "suggestions")
# Keys by which a kind of JSON that is not read is known, and what to do about it.
_FOREIGN = (
    ({"annotatable", "entities"}, "tagtog's ann.json, which has no text", "Convert it"),
    ({"%FEATURE_STRUCTURES"}, "a UIMA CAS in JSON", "Export it as WebAnno TSV 3"),
    ({"Data", "Entities"}, "an export of Acharya", "Set text_key: Data and spans_key: Entities"),
    ({"Entities"}, "output of Amazon Comprehend, which has no text", "Add each text to its record"),
    ({"source-ref"}, "a manifest of SageMaker Ground Truth", "Write each text into its record"),
    ({"doc_key", "sentences"}, "a document of DyGIE or SciERC", "Write a record a sentence"),
    ({"query", "context"}, "questions and answers", "Write text and spans"),
    ({"row_idx", "row"}, "a reply of the hub's dataset server", "Use the corpus's `hub` key"),
    ({"rows", "features"}, "a reply of the hub's dataset server", "Use the corpus's `hub` key"),
    ({"cells", "nbformat"}, "a Jupyter notebook", "Save the data, not the notebook"),
    ({"textSegmentAnnotations"}, "Vertex AI's import file", "Set text_key and spans_key"),
    ({"document", "tokens"}, "an export of UBIAI", "Set text_key: document and spans_key: tokens"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """A record in our shape, and why it is no gold (`reason`); None if it is."""

    fields: Fields
    reason: str | None = None
    # Keys that decide whether it is gold, and whether it has them.
    steering: Mapping[str, bool] = field(default_factory=dict)


def seems(record: Mapping[str, object]) -> tuple[str, str] | None:
    """What a record without text and tokens seems to be, and what to do about it; None: unknown."""
    return next(
        ((name, remedy) for keys, name, remedy in _FOREIGN if keys <= {*record}),
        None,
    )


def exports(value: object, path: Path, place: Place, notes: Notes) -> Iterator[Export]:
    """The sentences of one value of a file, each in our shape.

    Args:
        value: The value as the file has it.
        path: The file.
        place: Its line, or its number.
        notes: What is not read is noted there.

    Raises:
        InputError: It is no object, or is one of a tool with labels that cannot be read.
    """
    if is_pair(value):
        assert isinstance(value, list)
        text, rest = value
        value = {"text": text, **(rest if isinstance(rest, Mapping) else {"spans": rest})}
    if value is None:
        yield Export({}, UNFINISHED)
        return
    if not isinstance(value, Mapping):
        raise InputError(
            "the record is not an object",
            path=path,
            **place,
            remedy='Write {"text": "...", "spans": [...]}.',
        )
    if isinstance(value.get("paragraphs"), list) and "text" not in value:
        for fields in _of_spacy(value["paragraphs"], path, place):
            yield Export(fields)
    elif isinstance(value.get("sents"), list) and "answer" not in value and "text" in value:
        for fields in _of_doc(value, path, place):
            yield Export(fields)
    else:
        yield _one(value, path, place, notes)


def _one(record: Fields, path: Path, place: Place, notes: Notes) -> Export:
    key = "annotations" if "annotations" in record else "completions"
    data = record.get("data")
    lists = isinstance(data, Mapping) and any(isinstance(item, list) for item in data.values())
    if lists and isinstance(data, Mapping) and not {key, *_PREDICTIONS} & {*record}:
        return _one(data, path, place, notes)  # no task of Label Studio
    if isinstance(data, Mapping):
        if not isinstance(record.get(key, []), list):
            return Export(record)
        export = _of_task(record, key, path, place, notes)
    elif isinstance(record.get("fields"), Mapping) and {"responses", "suggestions"} & {*record}:
        export = _of_responses(record, path, place, notes)
    elif "annotation" in record and {"prediction", "status", "annotation_agent"} & {*record}:
        export = _of_argilla(record, path, place, notes)
    elif any(key.endswith(".responses") for key in record):
        raise InputError(
            "Argilla's records were flattened",
            path=path,
            **place,
            remedy="Export them with records.to_json.",
        )
    elif isinstance(record.get("tokenized_text"), list):
        export = Export(_of_gliner(record, path, place))
    else:
        reason = _answer(record, path, place, notes)
        if record.get("status") == "Discarded":
            notes.add("its status is 'Discarded', and it is read: it has no 'annotation'", place)
        export = Export(record, reason, {"answer": "answer" in record})
    for key in _PREDICTIONS:
        if record.get(key):
            notes.add(f"{key!r} is what a model said, not gold, and is not read", place)
    fields = {k: v for k, v in export.fields.items() if k not in _PREDICTIONS}
    return Export(fields, export.reason, export.steering)


def _answer(record: Fields, path: Path, place: Place, notes: Notes) -> str | None:
    """Why an example of Prodigy is no gold; None if it is, or is none of Prodigy's."""
    if record.get("_is_binary") is True:
        notes.add("the annotator judged one entity alone: others of it are not marked", place)
    if "answer" not in record:
        for key, value in record.items():
            if isinstance(value, str) and value in ANSWERS:
                notes.add(f"{key!r} looks like Prodigy's 'answer' and is not read", place)
        return None
    answer = record["answer"]
    if answer == "accept":
        return None
    if isinstance(answer, str) and answer in ANSWERS:
        return f"its answer is {answer!r}"
    if "spans" in record or "_task_hash" in record:
        raise InputError(
            f"the answer {answer!r} is none of Prodigy's",
            path=path,
            **place,
            remedy=f"Write one of {', '.join(ANSWERS)}, or rename the key.",
        )
    return None


def _of_task(task: Fields, key: str, path: Path, place: Place, notes: Notes) -> Export:
    """The record of a task of Label Studio: the first annotation, or the one marked as truth."""
    data = task["data"]
    assert isinstance(data, Mapping)
    fields = {"id": task.get("id")} | {k: v for k, v in data.items() if isinstance(v, str | int)}
    annotations = task.get(key) or []
    assert isinstance(annotations, list)
    if not all(isinstance(item, Mapping) for item in annotations):
        raise InputError(
            f"{key!r} are numbers, not annotations",
            path=path,
            **place,
            remedy="Export the project as JSON with its annotations.",
        )
    steering = {
        name: all(name in item for item in annotations)
        for name in ("was_cancelled", "ground_truth")
        if annotations
    }
    finished = [
        item
        for item in annotations
        if not _flag(item, "was_cancelled", path, place) and not _flag(item, "skipped", path, place)
    ]
    if not finished:
        return Export(fields, UNFINISHED, steering)
    truth = [item for item in finished if _flag(item, "ground_truth", path, place)]
    readings = [_results(item, path, place) for item in truth or finished]
    if any(_places(reading) != _places(readings[0]) for reading in readings[1:]):
        notes.add("its annotators disagree; the first one's spans are read", place)
    return Export(fields | {"spans": readings[0]}, steering=steering)


def _flag(annotation: Fields, key: str, path: Path, place: Place) -> bool:
    """Whether an annotation of Label Studio is marked as something; False if it lacks the key."""
    value = annotation.get(key, False)
    if not isinstance(value, bool):
        raise InputError(
            f"{key!r} is {value!r} in an annotation, neither true nor false",
            path=path,
            **place,
            remedy="Export the project again.",
        )
    return value


def _places(spans: Iterable[Mapping[str, object]]) -> set[tuple[str, ...]]:
    """What annotators agree on: start, end and label of each span."""
    return {tuple(str(span.get(k)) for k in ("start", "end", "labels", "label")) for span in spans}


def _results(annotation: Fields, path: Path, place: Place) -> list[Fields]:
    """The spans of an annotation of Label Studio."""
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(item, Mapping) for item in results):
        raise InputError(
            "an annotation has no list as its 'result'",
            path=path,
            **place,
            remedy="Export the project as JSON.",
        )
    spans = []
    fields = set()
    for result in results:
        kind, value = result.get("type"), result.get("value")
        if kind == "labels" and isinstance(value, Mapping):
            spans.append(value)
            fields.add(str(result.get("to_name", "")))
        elif not isinstance(kind, str) or kind not in _WITHOUT_PLACES:
            raise InputError(
                f"a result of the type {kind!r} is not read",
                path=path,
                **place,
                remedy="Label plain text (the tags Text and Labels); offsets in HTML or in a "
                "dialogue are not those of a text.",
            )
    if len(fields) > 1:
        raise InputError(
            f"it has labels in several texts: {', '.join(sorted(fields))} ('to_name')",
            path=path,
            **place,
            remedy="Make a task of each text.",
        )
    return spans


def _of_argilla(record: Fields, path: Path, place: Place, notes: Notes) -> Export:
    """A record of Argilla's version 1, with one `annotation`."""
    steering, status = {"status": "status" in record}, record.get("status", "Validated")
    if status not in _STATUSES:
        raise InputError(
            f"the status {status!r} is none of Argilla's",
            path=path,
            **place,
            remedy=f"Write one of {', '.join(_STATUSES)}, or leave it out.",
        )
    if status == "Discarded":
        return Export(record, "its status is 'Discarded'", steering)
    if status == "Default" and record["annotation"] is not None:
        notes.add("it has an annotation, though its status is 'Default'", place)
    return Export(record, UNFINISHED if record["annotation"] is None else None, steering)


def _of_responses(record: Fields, path: Path, place: Place, notes: Notes) -> Export:
    """A record of Argilla's version 2, or of a feedback dataset of version 1."""
    texts = record["fields"]
    assert isinstance(texts, Mapping)
    fields = {"id": record.get("id"), **texts}
    spans, discarded = _responses(record.get("responses"))
    if not spans:
        return Export(fields, "its response is 'discarded'" if discarded else UNFINISHED)
    if len(spans) > 1:
        raise InputError(
            f"several questions ask for spans: {', '.join(spans)}",
            path=path,
            **place,
            remedy="Leave all but one of them out.",
        )
    [readings] = spans.values()
    places = [
        _places(item for item in reading if isinstance(item, Mapping)) for reading in readings
    ]
    if any(found != places[0] for found in places[1:]):
        notes.add("its annotators disagree; the first one's spans are read", place)
    return Export(fields | {"spans": readings[0]})


def _responses(responses: object) -> tuple[dict[str, list[list[object]]], bool]:
    """The submitted lists of spans by question, and whether anybody discarded the record."""
    flat: list[tuple[str, object, object]] = []  # question, value, status
    if isinstance(responses, Mapping):
        for question, given in responses.items():
            for item in given if isinstance(given, list) else []:
                if isinstance(item, Mapping):
                    status = item.get("status", "submitted")
                    flat.append((question, item.get("value"), status))
    for response in responses if isinstance(responses, list) else []:
        if isinstance(response, Mapping) and isinstance(response.get("values"), Mapping):
            for question, item in response["values"].items():
                value = item.get("value") if isinstance(item, Mapping) else item
                flat.append((question, value, response.get("status")))
    spans: dict[str, list[list[object]]] = {}
    for question, value, status in flat:
        if status == "submitted" and isinstance(value, list) and are_spans(value):
            spans.setdefault(question, []).append(value)
    return spans, any(status == "discarded" for *_, status in flat)


def _of_gliner(record: Fields, path: Path, place: Place) -> Fields:
    """The tokens and tags of GLiNER's training data."""
    tokens, spans = record["tokenized_text"], record.get("ner")
    assert isinstance(tokens, list)
    try:
        if not isinstance(spans, list):
            raise TypeError("'ner' is not a list")
        ranges = [(first, last + 1, label) for first, last, label in spans]
        if not all([*map(type, span)] == [int, int, str] for span in spans):
            raise TypeError("an entity is two numbers and a label")
        tags = encode(ranges, len(tokens))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"'ner' does not fit the tokens ({error})",
            path=path,
            **place,
            remedy='Write [first token, last token, "label"]; entities may not overlap.',
        ) from error
    rest = {k: v for k, v in record.items() if k not in ("tokenized_text", "ner")}
    return {**rest, "tokens": tokens, "tags": tags}


def _of_spacy(paragraphs: list[object], path: Path, place: Place) -> Iterator[Fields]:
    """The sentences of a document of spaCy's version 2, each with its own part of the text."""
    for paragraph in paragraphs:
        if not isinstance(paragraph, Mapping):
            raise _not_spacy(path, place)
        words: list[list[Word]] = []
        for sentence in paragraph.get("sentences") or []:
            tokens = sentence.get("tokens") if isinstance(sentence, Mapping) else None
            if not isinstance(tokens, list) or not all(isinstance(t, Mapping) for t in tokens):
                raise _not_spacy(path, place)
            words.append([Word(None, str(t.get("orth")), str(t.get("ner"))) for t in tokens])
        if not words:
            raise _not_spacy(path, place)
        raw = paragraph.get("raw")
        try:
            places = find([w for s in words for w in s], raw) if isinstance(raw, str) else []
        except TokenError as error:
            raise InputError(
                str(error), path=path, **place, remedy="Make 'raw' and the tokens agree."
            ) from error
        done = 0
        for sentence_words in words:
            fields: dict[str, object] = {
                "tokens": [word.form for word in sentence_words],
                "tags": [word.tag for word in sentence_words],
            }
            if places and sentence_words:
                assert isinstance(raw, str)
                last = done + len(sentence_words) - 1
                fields["text"] = raw[places[done][0] : places[last][1]]
            done += len(sentence_words)
            yield fields


def _not_spacy(path: Path, place: Place) -> InputError:
    return InputError(
        "'paragraphs' are not those of spaCy's training data, with sentences of tokens",
        path=path,
        **place,
        remedy='Write {"text": "...", "spans": [...]}.',
    )


def _of_doc(record: Fields, path: Path, place: Place) -> Iterator[Fields]:
    """The sentences of `Doc.to_json`, cut as its `sents` say."""
    text, sents = record["text"], record["sents"]
    spans = first_of(record, ("ents", "spans", "entities")) or []
    assert isinstance(sents, list)
    if len(sents) < 2 or not isinstance(spans, list) or not isinstance(text, str):
        yield {k: v for k, v in record.items() if k not in ("sents", "tokens")}
        return
    edges = []
    for sent in sents:
        if not isinstance(sent, Mapping) or not {"start", "end"} <= {*sent}:
            raise InputError(
                "'sents' are not spans of sentences",
                path=path,
                **place,
                remedy='Write [{"start": 0, "end": 9}, ...], or leave them out.',
            )
        edges.append((sent["start"], sent["end"]))
    parsed = [parse(span, path, place) for span in spans]
    taken = 0
    for number, (start, end) in enumerate(edges, 1):
        inside = [span for span in parsed if start <= span.start and span.end <= end]
        taken += len(inside)
        own = {} if record.get("id") is None else {"id": f"{record['id']}-{number}"}
        cut = [
            {"start": s.start - start, "end": s.end - start, "label": s.label, "text": s.surface}
            for s in inside
        ]
        yield {**own, "text": text[start:end].rstrip(), "spans": cut}
    if taken < len(parsed):
        raise InputError(
            "a span crosses the end of a sentence in 'sents'",
            path=path,
            **place,
            remedy="Leave 'sents' out, or correct it.",
        )
