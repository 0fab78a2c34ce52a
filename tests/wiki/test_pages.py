"""The XML of a page: the newest revision, the main slot, what is damaged."""

from __future__ import annotations

import itertools
import json

import pytest
from dumps import CASES, DE, history, needs_cases, page, parse_pages, revision

from eatner.errors import InputError
from eatner.wiki import dump
from eatner.wiki.dump import parse_dump
from eatner.wiki.pages import without_old_revisions

OLD = revision(10, "'''Bonn''' ist ein Dorf in [[Preußen]].", "2020-01-01T00:00:00Z")
MIDDLE = revision(11, "'''Bonn''' ist eine Stadt.\n", "2021-06-01T00:00:00Z")
NEW = revision(12, "'''Bonn''' ist eine Stadt am [[Rhein]].", "2022-01-01T00:00:00Z")
LEAD = "Bonn ist eine Stadt am Rhein."
TEXT_TAG = '<text bytes="39" xml:space="preserve">'
SLOT = (
    "<content><role>mediainfo</role><origin>11</origin><model>wikibase-mediainfo</model>"
    '<format>application/json</format><text bytes="9" xml:space="preserve">{"a":"[[Berlin]]"}'
    "</text></content>"
)


@pytest.mark.parametrize("order", itertools.permutations([OLD, MIDDLE, NEW]))
def test_the_newest_revision_is_read_in_whatever_order(tmp_path, order):
    rows = parse_pages(tmp_path, history(1, "Bonn", *order), page(2, "Köln", "'''Köln'''."))
    assert [(row.title, row.lead) for row in rows] == [("Bonn", LEAD), ("Köln", "Köln.")]
    assert [link[2] for link in json.loads(rows[0].links)] == ["Bonn", "Rhein"]


@pytest.mark.parametrize(
    "newest",
    [
        revision(99, "neu", "2022-01-01T00:00:00Z"),  # two at one time: the higher id
        revision(3, "neu", "2023-01-01T00:00:00Z"),  # an import gave the older ones higher ids
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_times_come_before_ids(tmp_path, newest, last):
    revisions = [OLD, NEW, newest] if last else [newest, OLD, NEW]
    assert parse_pages(tmp_path, history(1, "Bonn", *revisions))[0].lead == "neu"


def test_without_times_the_highest_id_is_the_newest(tmp_path):
    revisions = [revision(9, "alt"), revision(100, "neu"), revision(20, "mittel")]
    assert parse_pages(tmp_path, history(1, "Bonn", *revisions))[0].lead == "neu"


@pytest.mark.parametrize(
    "deleted",
    [
        '<text bytes="5" deleted="deleted" />',
        "<text/>",
        '<text bytes="0" sha1="" />',
        "<text deleted='deleted'></text>",
    ],
)
def test_a_deleted_text_is_an_article_without_a_lead(tmp_path, deleted):
    newest = f"<revision><id>50</id><timestamp>2025-01-01T00:00:00Z</timestamp>{deleted}</revision>"
    for revisions in ([newest], [OLD, newest], [newest, OLD]):
        row = parse_pages(tmp_path, history(1, "Bonn", *revisions), english={1: "Bonn"})[0]
        assert (row.kind, row.lead, row.links, row.english) == ("article", "", "[]", "Bonn")


def test_a_deleted_contributor_or_comment_is_nothing_to_the_text(tmp_path):
    odd = NEW.replace("<contributor>", '<comment deleted="deleted" /><contributor deleted="x">')
    assert parse_pages(tmp_path, history(1, "Bonn", odd, OLD))[0].lead == LEAD


@pytest.mark.parametrize("where", ["before", "behind", "both"])
def test_only_the_main_slot_is_read(tmp_path, where):
    new = NEW
    if where != "behind":
        new = new.replace("<text ", f"{SLOT}<text ")
    if where != "before":
        new = new.replace("</text><sha1>", f"</text>{SLOT}{SLOT}<sha1>")
    for revisions in ([new], [OLD.replace("<text ", f"{SLOT}<text "), new]):
        row = parse_pages(tmp_path, history(1, "Bonn", *revisions))[0]
        assert row.lead == LEAD
        assert "Berlin" not in row.links


def test_the_main_slot_may_be_written_as_a_slot(tmp_path):
    slots = "".join(
        f"<content><role>{role}</role><model>{model}</model><text>{text}</text></content>"
        for role, model, text in [
            ("mediainfo", "json", "{}"),
            ("main", "wikitext", "Bonn liegt am [[Rhein]]."),
        ]
    )
    [row] = parse_pages(tmp_path, history(1, "Bonn", f"<revision><id>3</id>{slots}</revision>"))
    assert row.lead == "Bonn liegt am Rhein."


def test_the_model_of_another_slot_is_not_that_of_the_text(tmp_path):
    new = NEW.replace("<model>wikitext</model>", "").replace("<text ", f"{SLOT}<text ")
    assert parse_pages(tmp_path, history(1, "Bonn", new))[0].lead == LEAD


def test_a_page_of_many_revisions_is_as_large_as_its_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(dump, "PAGE_LIMIT", 1 << 16)
    monkeypatch.setattr("eatner.wiki.streams.READ", 1 << 12)
    revisions = [revision(n, f"Alt {n} " * 900, "2001-01-01T00:00:00Z") for n in range(60)]
    for order in ([NEW, *revisions], [*revisions, NEW]):
        rows = parse_pages(tmp_path, history(1, "Bonn", *order), page(2, "Köln", "x"))
        assert [(row.kind, row.lead) for row in rows] == [("article", LEAD), ("article", "x")]


def test_old_revisions_go_before_the_page_has_an_end():
    begun = b"<page><title>X</title>" + (OLD + NEW + MIDDLE).encode() + b"<revision><id>13</id>"
    kept = without_old_revisions(begun)
    assert kept.startswith(b"<page><title>X</title><revision><id>12</id>")
    assert kept.endswith(b"</revision>\n<revision><id>13</id>")
    assert kept.count(b"<revision>") == 2


@pytest.mark.parametrize(
    "lost",
    ["</page>", "</text>", TEXT_TAG, "</revision>", "<title>", "</title>", "<id>1</id>"],
)
@pytest.mark.parametrize("revisions", [[NEW], [NEW, OLD]])
def test_a_lost_tag_is_an_error_and_never_the_text_of_another_page(tmp_path, lost, revisions):
    first, second = history(1, "Bonn", *revisions), page(2, "Köln", "'''Köln'''.")
    assert lost in first
    broken = first.replace(lost, "", 1)
    if lost == "</revision>" and len(revisions) == 1:
        # It says nothing that the page's end does not say.
        assert [row.lead for row in parse_pages(tmp_path, broken, second)] == [LEAD, "Köln."]
        return
    with pytest.raises(InputError, match=r"dump\.xml"):
        parse_pages(tmp_path, broken, second)


def test_a_page_without_an_end_that_is_not_wanted_does_not_hide_the_next(tmp_path):
    template = history(1, "Vorlage:Bonn", NEW).replace("<ns>0", "<ns>10").replace("</page>", "")
    with pytest.raises(InputError, match="has no beginning or no end"):
        parse_pages(tmp_path, template, page(2, "Köln", "'''Köln'''."))


def test_the_id_of_a_revision_is_not_that_of_its_page(tmp_path):
    broken = history(1, "Bonn", NEW).replace("<id>1</id>", "<id></id>")
    with pytest.raises(InputError, match="without a page id"):
        parse_pages(tmp_path, broken)


@needs_cases
@pytest.mark.parametrize(
    ("case", "leads"),
    [
        ("W01", [LEAD, "Köln liegt am Rhein."]),
        (
            "P01",
            [
                "Bonn ist eine Bundesstadt am Rhein.",
                "Der Rhein fließt durch Bonn und Köln.",
                "Köln liegt am Rhein.",
            ],
        ),
        ("W02", ["Bonn liegt am Rhein."]),
    ],
)
def test_cases_of_revisions_and_slots(case, leads):
    rows = list(parse_dump(CASES / f"{case}.xml", DE, {}))
    assert [row.lead for row in rows] == leads
    assert all("Berlin" not in row.links and "Preußen" not in row.links for row in rows)


@pytest.mark.parametrize("lost", ["<content>", "</content>"])
@pytest.mark.parametrize("revisions", [0, 1])
def test_a_slot_without_a_beginning_or_an_end_is_an_error(tmp_path, lost, revisions):
    new = NEW.replace("<text ", f"{SLOT}<text ").replace(lost, "")
    with pytest.raises(InputError, match="has no beginning or no end"):
        parse_pages(tmp_path, history(1, "Bonn", *[OLD][:revisions], new))
