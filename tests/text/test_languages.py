"""The table of languages."""

from __future__ import annotations

import re
import unicodedata

import pytest

from eatner import lexicon as lexicon_module
from eatner import tables
from eatner.errors import InputError
from eatner.tables import Pair, Title
from eatner.text import languages
from eatner.text.sentences import split
from eatner.wiki import lexicon, pairs, wikitext
from eatner.wiki.articles import links_as_json

CODES = "am ar bn de el en es fa fr he hi hy ja ka ko nl ru ta te th uk ur zh".split()  # noqa: SIM905


def test_the_table_holds_the_languages_of_the_project():
    assert list(languages.known()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_every_row_is_usable(code):
    language = languages.get(code)
    assert language.code == code
    assert language.wiki == f"{code}wiki"
    assert language.romanisation in {"uroman", "pykakasi", "none"}
    assert (language.romanisation == "none") == (language.script == "Latn")
    assert language.marks
    assert not re.search(r"\w", language.marks)
    assert language.disambiguation_templates
    assert language.namespaces
    for pattern in language.list_titles:
        re.compile(pattern)
    re.compile(f"[{language.trail}]+" if language.trail else "")


def test_every_value_is_nfc():
    for table in (languages.TABLE, languages.SCRIPTS):
        assert unicodedata.is_normalized("NFC", table.read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", ["xx", "jp", "english", "JA", ""])
def test_an_unknown_code_names_the_known_ones(code):
    with pytest.raises(InputError, match="am ar bn"):
        languages.get(code)


@pytest.mark.parametrize(
    ("code", "name", "script", "spaces", "romanisation", "text"),
    [
        ("it", "Italian", "Latn", True, "none", "Roma è grande. Piove."),
        ("pt", "Portuguese", "Latn", True, "none", "Lisboa é grande! Chove."),
        ("mr", "Marathi", "Deva", True, "uroman", "मुंबई मोठे आहे। पाऊस आहे।"),
        ("sr", "Serbian", "Cyrl", True, "uroman", "Београд је велик. Пада киша."),
        ("yue", "Cantonese", "Hani", False, "uroman", "香港好大。落緊雨。"),
        ("my", "Burmese", "Mymr", False, "uroman", "ရန်ကုန်သည်ကြီးသည်။ မိုးရွာသည်။"),
        ("km", "Khmer", "Khmr", False, "uroman", "ភ្នំពេញធំ។ ភ្លៀងធ្លាក់។"),
        ("gu", "Gujarati", "Gujr", True, "uroman", "અમદાવાદ મોટું છે. વરસાદ છે."),
    ],
)
def test_a_language_without_a_row_is_known_by_its_script(
    code, name, script, spaces, romanisation, text
):
    language = languages.get(code)
    found = (language.name, language.script, language.spaces, language.romanisation, language.wiki)
    assert found == (name, script, spaces, romanisation, f"{code}wiki")
    assert len(split(text, language)) == 2


def test_the_log_says_what_a_language_without_a_row_gets(caplog):
    languages.by_default.cache_clear()
    with caplog.at_level("INFO"):
        languages.get("mr")
    assert "Marathi (mr) has no row in languages.tsv: sentences end at । ॥ . ! ?" in caplog.text


def test_every_script_of_the_table_is_usable():
    for script in languages.scripts().values():
        assert re.fullmatch("[A-Z][a-z]{3}", script.code)
        assert script.marks
        assert not re.search(r"\w", script.marks)
    used = {languages.get(code).script for code in CODES}
    assert used <= languages.scripts().keys()


def test_the_marks_of_a_row_are_those_of_its_script():
    """A row may leave marks out and put the usual one first, but it knows no others."""
    for language in languages.known().values():
        script = languages.scripts()[language.script]
        assert set(language.marks) <= set(script.marks), language.code
        assert language.spaces == script.spaces


FINNISH = {
    "code": "fi", "name": "Finnish", "script": "Latn", "marks": ".!?…", "spaces": "yes",
    "ordinals": "yes", "romanisation": "none", "wiki": "fiwiki", "trail": "a-zäö",
    "disambiguation_templates": "täsmennyssivu", "list_titles": "^Luettelo ",
    "namespaces": "Tiedosto|Kuva|Luokka", "endings": "nen",
    "suffixes": "n|ssa|ssä|sta|stä|lla|llä|lle|lta|ltä|ksi|sen", "demonyms": "lainen|läinen",
    "abbreviations": "esim.|ks.|n.",
}  # fmt: skip
TURKISH = {
    "code": "tr", "name": "Turkish", "script": "Latn", "marks": ".!?…", "spaces": "yes",
    "ordinals": "yes", "romanisation": "none", "wiki": "trwiki", "trail": "a-zçğıöşüâîû",
    "disambiguation_templates": "anlam ayrımı", "namespaces": "Dosya|Resim|Kategori",
    "demonyms": "lı|li|lu|lü|ca|ce", "abbreviations": "vb.|yy.|Dr.",
}  # fmt: skip


@pytest.fixture
def _longer_table(tmp_path, monkeypatch):
    """The table with two more rows, and nothing else."""
    header, *rows = languages.TABLE.read_text(encoding="utf-8").splitlines()
    for row in (FINNISH, TURKISH):
        rows.append("\t".join(row.get(name, "") for name in header.split("\t")))
    table = tmp_path / "languages.tsv"
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    monkeypatch.setattr(languages, "TABLE", table)
    languages.known.cache_clear()
    yield
    languages.known.cache_clear()


@pytest.mark.usefixtures("_longer_table")
@pytest.mark.parametrize(
    ("code", "source", "surfaces", "text", "names"),
    [
        (
            "fi",
            "'''Tampere''' on [[Suomi|Suomen]] kaupunki. Se on 3. suurin, esim. [[Oulu]]un nähden.",
            {"Tampere", "Suomen", "Ouluun"},
            "Tampereen ja Oulussa asuu Niinisen suku, Oululainen.",
            ["Oulu", "Niinisen"],
        ),
        (
            "tr",
            "'''Ankara''', [[Türkiye]]'nin başkentidir. 13. yüzyılda [[İstanbul]]'dan küçüktü.",
            {"Ankara", "Türkiye", "İstanbul"},
            "İstanbul'da ve Ankara'dan; Ankaralı",
            ["İstanbul", "Ankara"],
        ),
    ],
)
def test_another_language_is_one_row(tmp_path, code, source, surfaces, text, names):
    language = languages.get(code)
    own = re.match(r"'''(\w+)", source)[1]
    clean = wikitext.clean(source, own, language, wikitext.Names(frozenset(), frozenset()))
    assert len(split(clean.text, language)) == 2
    rows = [(own, clean.text, links_as_json(clean.spans, clean.holes))]
    rows += [(title, "", "[]") for title in ("Suomi", "Oulu", "Türkiye", "İstanbul", "Niininen")]
    titles = tmp_path / "titles.tsv"
    tables.write(
        titles,
        Title,
        (
            Title(number, title, "article", "", title, lead, links)
            for number, (title, lead, links) in enumerate(rows)
        ),
    )
    out = tmp_path / "pairs.tsv"
    pairs.build(
        titles, out, tmp_path / "r.tsv", language, per_entity=9, size=None, negatives=0, seed=1
    )
    assert {row.surface for row in tables.read(out, Pair)} == surfaces
    lexicon.build(titles, tmp_path / "l", language)
    assert [match.surface for match in lexicon_module.load(tmp_path / "l").matches(text)] == names


def test_languages_without_spaces():
    assert {code for code in CODES if not languages.get(code).spaces} == {"ja", "th", "zh"}


@pytest.mark.parametrize(
    ("code", "script", "spaces"),
    [("zh-yue", "Hani", False), ("be-x-old", "Cyrl", True), ("simple", "Latn", True)],
)
def test_codes_of_wikipedia(code: str, script: str, spaces: bool) -> None:
    language = languages.get(code)
    assert (language.code, language.script, language.spaces) == (code, script, spaces)
    assert language.wiki == f"{code.replace('-', '_')}wiki"
