"""The lexicon of titles: what it holds and what it finds."""

# Wide characters count double for the linter.

from __future__ import annotations

import re
import unicodedata

import marisa_trie
import pytest
from dumps import compiled, found
from hypothesis import given, settings
from hypothesis import strategies as st

from eatner import lexicon as lexicon_module
from eatner.answers.likeness import ComparedSentence
from eatner.errors import InputError
from eatner.text.folding import EXACT, SPELLING, WIDTH

CLOSE = (EXACT, WIDTH, SPELLING)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def test_the_longest_name_wins_without_overlap(tmp_path):
    book = compiled(
        tmp_path, "ja", {"東京": "Tokyo", "東京大学": "University of Tokyo", "大学生": "X"}
    )
    assert found(book, "東京大学生は東京にいる。") == [
        ("東京大学", "University of Tokyo"), ("東京", "Tokyo"),
    ]  # fmt: skip


def test_words_begin_and_end_in_languages_with_spaces(tmp_path):
    book = compiled(
        tmp_path, "ru", {"Рим": "Rome", "Берлин": "Berlin", "Нью-Йорк": "New York City"}
    )
    assert found(book, "В Риме и Берлине, в Нью-Йорке; Римский Крым") == [
        ("Рим", "Rome"), ("Берлин", "Berlin"), ("Нью-Йорк", "New York City"),
    ]  # fmt: skip


def test_particles_and_prefixes(tmp_path):
    assert found(compiled(tmp_path, "ko", {"서울": "Seoul"}), "서울에서 서울은 서울역") == [
        ("서울", "Seoul"), ("서울", "Seoul"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "ko", {"서울": "Seoul"}), "서울로부터 서울에게는 서울산") == [
        ("서울", "Seoul"), ("서울", "Seoul"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "he", {"ברלין": "Berlin"}), "גר בברלין ומברלין") == [
        ("ברלין", "Berlin"), ("ברלין", "Berlin"),
    ]  # fmt: skip
    assert found(compiled(tmp_path, "fr", {"Albi": "Albi"}), "la ville d'Albi") == [
        ("Albi", "Albi")
    ]


def test_endings_that_give_way_to_suffixes(tmp_path):
    """The match is the whole word; a stem of two names, a short one and a noun's are left out."""
    book = compiled(
        tmp_path,
        "ka",
        {"თბილისი": "Tbilisi", "ქალაქი": "City", "ომსკი": "Omsk", "ომსკ": "Omsk, Poland"},
    )
    assert len(book) == 4
    assert found(book, "თბილისი, თბილისის ქუჩა თბილისში; თბილისელი, ქალაქში, ომსკში") == [
        ("თბილისი", "Tbilisi"), ("თბილისი", "Tbilisi"), ("თბილისში", "Tbilisi"),
        ("ომსკ", "Omsk, Poland"),
    ]  # fmt: skip
    book = compiled(
        tmp_path,
        "ru",
        {"Москва": "Moscow", "Казань": "Kazan", "Россия": "Russia", "Ява": "Java",
         "Валерия": "Valeria", "Валерий": "Valery", "Москва-Сити": "Moscow City"},
    )  # fmt: skip
    assert found(book, "В Москве и Казани, из России, на Яве; Валерии, Москвич, Москвы-реки") == [
        ("Москве", "Moscow"), ("Казани", "Kazan"), ("России", "Russia"), ("Москвы", "Moscow"),
    ]  # fmt: skip
    assert found(book, "Москва-Сити в Москве") == [
        ("Москва-Сити", "Moscow City"), ("Москве", "Moscow"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "title", "text", "surface"),
    [
        ("vi", "Hà Nội", nfd("Ở Hà Nội."), nfd("Hà Nội")),
        ("vi", nfd("Hà Nội"), "Ở Hà Nội.", "Hà Nội"),
        ("ko", "서울", nfd("나는 서울에서 산다"), nfd("서울")),
        ("yo", "Ìbàdàn", nfd("Ó wà ní Ìbàdàn."), nfd("Ìbàdàn")),
        ("fa", "تبریز", "او در تبريز است", "تبريز"),
        ("fa", "کرمان", "او در كرمان است", "كرمان"),
        ("fa", "نیم‌روز", "در نیمروز", "نیمروز"),
        ("ar", "القاهرة", "في القـــاهرة اليوم", "القـــاهرة"),
        ("ar", "القاهرة", "في القاهرةـــ اليوم", "القاهرةـــ"),
        ("ar", "أحمد زويل", "قال احمد زويل اليوم", "احمد زويل"),
        ("ar", "محمد", "قال مُحَمَّد اليوم", "مُحَمَّد"),
        ("ur", "کراچی", "وہ كراچي میں ہے", "كراچي"),
        ("hi", "ज़ाकिर", "\u095bाकिर आया", "\u095bाकिर"),
        ("hi", "ज़ाकिर", "जाकिर आया", "जाकिर"),
        ("hi", "गांधी", "गाँधी आए", "गाँधी"),
        ("en", "O'Brien", "Mr O’Brien left", "O’Brien"),
        ("uk", "Кам'янець", "У Кам’янець їде", "Кам’янець"),
        ("ja", "UN", "彼はＵＮにいる", "ＵＮ"),
        ("ja", "トヨタ", "ﾄﾖﾀの車", "ﾄﾖﾀ"),
        ("ru", "Москва", "Это Москва́ вечером", "Москва́"),
        ("ru", "Королёв", "Это Королев", "Королев"),
        ("ru", "Москва", "В Москве́ снег", "Москве́"),
        ("he", "ירושלים", "בִּירוּשָׁלַיִם", "ירוּשָׁלַיִם"),
        ("bn", "বাংলাদেশ", "সে বাংলাদেশের য়", "বাংলাদেশ"),
        ("de", "New York", "in New\u00a0 York", "New\u00a0 York"),
        ("es", "José Martí", "Lo dijo Jose Marti.", "Jose Marti"),
        ("he", "ז'בוטינסקי", "אמר ז׳בוטינסקי אז", "ז׳בוטינסקי"),
        ("he", 'צה"ל', "אמר צה״ל אז", "צה״ל"),
        ("yi", "ניו־יארק", "אין ניו-יארק איז", "ניו-יארק"),
        ("yi", "ניו-יארק", "אין ניו־יארק איז", "ניו־יארק"),
        ("uz", "Oʻzbekiston", "Bu O‘zbekiston edi", "O‘zbekiston"),
        ("haw", "Hawaiʻi", "Ma Hawai'i nei", "Hawai'i"),
        ("zh", "比尔·克林顿", "他是比尔・克林顿。", "比尔・克林顿"),
        ("zh", "比尔‧克林顿", "他是比尔•克林顿。", "比尔•克林顿"),
        ("ca", "Paral·lel", "El Paral•lel és", "Paral•lel"),
        ("ro", "București", "În Bucureşti plouă", "Bucureşti"),
        ("ro", "Timişoara", nfd("În Timișoara plouă"), nfd("Timișoara")),
        ("de", "Weißenburg", "in Weissenburg war", "Weissenburg"),
        ("de", "Strassburg", "in Straßburg war", "Straßburg"),
        ("fa", "علی\u200cآباد", "در علی آباد بود", "علی آباد"),
        ("fa", "علی\u200cآباد", "در علی\u200cآباد بود", "علی\u200cآباد"),
        ("fa", "علی آباد", "در علی\u200cآباد بود", "علی\u200cآباد"),
        ("ko", "삼성 전자", "어제 삼성전자가 말했다", "삼성전자"),
        ("ja", "東京 タワー", "昨日東京タワーで", "東京タワー"),
    ],
)
def test_spellings_that_locate_finds_are_found(tmp_path, code, title, text, surface):
    book = compiled(tmp_path, code, {title: "Something Else"})
    assert found(book, text) == [(surface, "Something Else")]
    assert book.english(surface) == "Something Else" or code in ("he", "ru")


@pytest.mark.parametrize(
    ("code", "title", "text"),
    [
        ("es", "Él", "El perro"),
        ("fr", "Là", "La ville"),
        ("en", "US", "He saw us"),
        ("de", "Essen", "Wir essen"),
        ("ja", "東京都", "東京 都内"),
        ("ja", "ログ", "5㌔グラム"),
        ("ja", "中国", "習近平の中國"),
        ("de", "Müller", "Frau Muller"),
        ("de", "Neu Stadt", "die Neustadt"),
    ],
)
def test_what_makes_another_word_is_not_folded(tmp_path, code, title, text):
    assert found(compiled(tmp_path, code, {title: "X Y"}), text) == []


def test_of_names_that_are_alike_the_one_that_the_text_writes_is_found(tmp_path):
    book = compiled(tmp_path, "es", {"Solana": "Solana", "Solána": "Solana, Peru"})
    assert found(book, "Solana y Solána y " + nfd("Solána")) == [
        ("Solana", "Solana"), ("Solána", "Solana, Peru"), (nfd("Solána"), "Solana, Peru"),
    ]  # fmt: skip
    book = compiled(tmp_path, "ar", {"أحمد": "Ahmad", "آحمد": "Another"})
    assert found(book, "احمد") == [("احمد", "Ahmad")]
    assert found(book, "آحمد") == [("آحمد", "Another")]


NAMES = {
    "vi": ["Hà Nội", "Nguyễn Văn Linh", "Đà Nẵng"],
    "ko": ["서울", "대한민국", "이순신"],
    "yo": ["Ìbàdàn", "Òṣogbo"],
    "fa": ["تبریز", "کرمان", "فاطمه"],
    "ar": ["القاهرة", "أحمد زويل", "الإسكندرية", "مكتبة"],
    "ur": ["کراچی", "اسلام آباد"],
    "hi": ["ज़ाकिर हुसैन", "गाँधी", "दिल्ली"],
    "bn": ["বাংলাদেশ", "রায়পুর"],
    "uk": ["Кам'янець", "Київ"],
    "ru": ["Москва", "Королёв", "Санкт-Петербург"],
    "fr": ["L'Île-d'Yeu", "Besançon"],
    "ja": ["ソニー", "東京", "ＮＴＴドコモ", "がくぶち"],
    "hy": ["Երևան"],
    "el": ["Αθήνα"],
    "th": ["กรุงเทพ"],
    "my": ["ရန်ကုန်"],
    "pa": ["ਅੰਮ੍ਰਿਤਸਰ"],
}
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
REWRITINGS = [
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFKC", text),
    lambda text: unicodedata.normalize("NFKD", text),
    lambda text: text.replace("'", "’"),
    lambda text: text.replace("-", "‐"),
    lambda text: text.translate(WIDE),
    lambda text: text.translate(str.maketrans("یکهأإآةى", "يكهاااهي")),
    lambda text: text.translate(str.maketrans("يكه", "یکہ")),
    lambda text: re.sub("([\u0621-\u064a])([\u0621-\u064a])", "\\1\u0640\\2", text, count=1),
    lambda text: text.replace("\u093c", "").replace("\u09bc", ""),
    lambda text: text.replace("ँ", "ं"),
    lambda text: re.sub("([аеиоуыэюяіїє])", "\\1\u0301", text, count=1),
    lambda text: text.replace("ё", "е"),
    lambda text: text.replace("ا", "اَ"),
    lambda text: text[:2] + "\u200b" + text[2:],
    lambda text: text.replace("և", "եւ"),
]


@pytest.mark.parametrize("code", NAMES)
def test_a_name_that_locate_finds_the_lexicon_finds(tmp_path_factory, code):
    """Whatever rewritings follow each other; the places are the same."""
    names = {name: f"Something {place}" for place, name in enumerate(NAMES[code])}
    book = compiled(tmp_path_factory.mktemp("lexicon"), code, names)

    @settings(max_examples=80, deadline=None)
    @given(st.sampled_from(NAMES[code]), st.lists(st.sampled_from(REWRITINGS), max_size=4))
    def holds(name, rewritings):
        text = name
        for rewrite in rewritings:
            text = rewrite(text)
        sentence = f"({text})"
        places = ComparedSentence(sentence)
        located = next((x for x in (places.find(name, fold) for fold in CLOSE) if x), [])
        matches = book.matches(sentence)
        if located:
            assert [(match.start, match.end) for match in matches] == located
            assert matches[0].english == names[name]
            assert book.english(text) == names[name]

    holds()


def test_a_lexicon_of_another_format_is_refused(tmp_path):
    path = tmp_path / "old"
    entries = [("\x01language", b"ja"), ("\x01longest", b"2"), ("\x01surfaces", b"1")]
    marisa_trie.BytesTrie([*entries, ("東京", b"+Tokyo")]).save(str(path))
    with pytest.raises(InputError, match="another format"):
        lexicon_module.load(path)


def test_a_vowel_sign_does_not_end_a_word(tmp_path):
    book = compiled(tmp_path, "hi", {"भारत": "India", "रत": "X"})
    assert found(book, "भारतीय लोग भारत में, भारत।") == [("भारत", "India"), ("भारत", "India")]


def test_common_nouns_are_marked(tmp_path):
    book = compiled(tmp_path, "ja", {"東京": "Tokyo", "都市": "City"})
    assert [match.named for match in book.matches("東京は都市")] == [True, False]


def test_what_is_no_lexicon(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    with pytest.raises(InputError, match="no lexicon"):
        lexicon_module.load(path)
    with pytest.raises(InputError, match="no lexicon"):
        lexicon_module.load(tmp_path / "absent")


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("東京大学AB a-。Рим'한국은"), max_size=40),
    st.sampled_from(["ja", "ru", "ko"]),
)
def test_matches_are_sound_in_any_text(tmp_path_factory, text, code):
    names = {
        "東京": "Tokyo",
        "東京大学": "UT",
        "大学": "U",
        "AB": "AB",
        "Рим": "Rome",
        "한국": "Korea",
    }
    book = compiled(tmp_path_factory.mktemp("lexicon"), code, names)
    at = 0
    for match in book.matches(text):
        assert at <= match.start < match.end
        assert text[match.start : match.end] == match.surface
        assert names[match.surface] == match.english
        at = match.end


@pytest.mark.parametrize("code", ["ja", "ko", "ru"])
def test_control_characters_are_no_keys(tmp_path, code):
    name, english = {"ja": ("東京", "Tokyo"), "ko": ("서울", "Seoul"), "ru": ("Рим", "Rome")}[code]
    book = compiled(tmp_path, code, {name: english})
    for text in (f"{name}\0x {name}", f"\x01format {name}", f"\x02{name}\0 {name}"):
        assert found(book, text)[-1] == (name, english)
    for surface in (f"{name}\0", "\x01format", "\x01longest", "\0"):
        assert book.english(surface) is None
