from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import DATA

from eatner.answers.locate import locate
from eatner.corpora import formats

GOLD = {
    "ja": (["ja_ud_gsd/dev.bio", "ja_ud_gsd/train.bio"], False),
    "zh": (["uner/Chinese-GSD/zh_gsd-ud-dev.iob2", "uner/Chinese-GSD/zh_gsd-ud-test.iob2"], False),
    "ru": (["uner/Russian-PUD/ru_pud-ud-test.iob2"], True),
    "am": (["masakhaner/amh/dev.txt", "masakhaner/amh/train.txt"], True),
}


def mentions(language: str) -> list[tuple[str, int, int, set[tuple[int, int]]]]:
    """Sentence, offsets of a gold entity, and all gold places of the same surface."""
    files, spaces = GOLD[language]
    found = []
    for name in files:
        if not (DATA / name).exists():
            pytest.skip(f"{DATA / name} is absent")
        for s in formats.read(DATA / name, language_spaces=spaces):
            for e in s.entities:
                same = {
                    (x.start, x.end)
                    for x in s.entities
                    if s.text[x.start : x.end] == s.text[e.start : e.end]
                }
                found.append((s.text, e.start, e.end, same))
    return found


def occurrences(surface: str, text: str, spaces: bool) -> list[tuple[int, int]]:
    """Where a surface stands, found naively: whole words where there are spaces and whole words."""

    def is_edge(char: str) -> bool:
        return unicodedata.category(char)[0] not in "LMN"

    places, at = [], text.find(surface)
    while at >= 0:
        places.append((at, at + len(surface)))
        at = text.find(surface, at + len(surface))
    padded = f" {text} "
    whole = [(a, b) for a, b in places if is_edge(padded[a]) and is_edge(padded[b + 1])]
    return whole or places if spaces else places


@pytest.mark.parametrize("language", GOLD)
def test_verbatim_surfaces_of_gold_are_found_everywhere_they_stand(language: str) -> None:
    spaces = GOLD[language][1]
    cases = mentions(language)
    wrong = other = 0
    for text, start, end, same in cases:
        surface = text[start:end]
        found = locate(surface, text)
        assert (start, end) in found, (surface, text)
        # Every gold place of the surface is among them.
        wrong += not same <= set(found)
        other += found != occurrences(surface, text, spaces)
    assert wrong == 0
    # Japanese writes "DVD" beside "DVDs" and "1" within "10": words of a script with spaces, which
    # the naive search of a language without does not know.
    assert other <= (0.005 * len(cases) if not spaces else 0)


def widened(text: str) -> str:
    return "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text
    )


def halved(text: str) -> str:
    jaconv = pytest.importorskip("jaconv")
    return jaconv.z2h(text, kana=True, ascii=True, digit=True)


def stressed(text: str) -> str:
    return "".join(c + "\u0301" if c in "аеиоуыэюяАЕИОУЫЭЮЯ" else c for c in text)


def form(name: str) -> Callable[[str], str]:
    return lambda text: unicodedata.normalize(name, text)


QUOTES = ['""', "''", "“”", "„“", "«»", "「」", "『』", "《》", "‘’", "``", "【】", "[]", "()"]
WRAPPINGS: dict[str, Callable[[str], str]] = {
    pair: lambda x, pair=pair: f"{pair[0]}{x}{pair[1]}" for pair in QUOTES
}
WRAPPINGS |= {
    template.replace("\n", "/"): lambda x, template=template: template.replace("X", x)
    for template in [
        "**X**",
        "*X*",
        "__X__",
        "```\nX\n```",
        "- X",
        "1. X",
        "### X",
        "\n  X \n",
        "The answer is: X.",
        "The answer is X.",
        'The answer is: "X".',
        "The answer is **X**.",
        "Answer: X",
        "X\n\nExplanation: this is the name in the sentence that stands for the entity.",
        "Sure! Here is the phrase from the original sentence:\n\nX",
        'Based on the sentence, the entity corresponds to "X", which stands near its beginning.',
        "The entity corresponds to X in the sentence.",
        "X (the name of the entity)",
        "X, which is a name.",
        "Entity -> X",
        '{"answer": "X"}',
        '"Entity" is translated as "X" in the sentence.',
        "答えは「X」です。",
        "答えはXです。",
        "答案是：X。",
        "Ответ: «X».",
    ]
}
WRAPPINGS |= {
    "full width": widened,
    "half width": halved,
    "NFC": form("NFC"),
    "NFD": form("NFD"),
    "NFKC": form("NFKC"),
    "NFKD": form("NFKD"),
    "upper case": str.upper,
    "lower case": str.lower,
    "zero-width spaces": "\u200b".join,
    "quoted NFD": lambda x: f'The answer is: "{unicodedata.normalize("NFD", x)}".',
    "bold full width": lambda x: f"**{widened(x)}**",
}
SPECIAL: dict[str, dict[str, Callable[[str], str]]] = {
    "ja": {"spaces": " ".join, "wide spaces": "\u3000".join},
    "zh": {"spaces": " ".join, "wide spaces": "\u3000".join},
    "ru": {"stress": stressed, "quoted stress": lambda x: f"«{stressed(x)}»"},
    "am": {},
}


@pytest.mark.parametrize("language", GOLD)
def test_wrapped_surfaces_of_gold_are_found_as_the_bare_ones(language: str) -> None:
    """At least 98% for each wrapping, on a sample.

    On whole gold (every fourth entity of ja, every second of am) the worst wrapping has 99.8% in
    ja, 100% in zh, 99.5% in ru, 100% in am. What is left in ru are gold surfaces such as
    "Athina Film)", in ja numbers and names in lower case.
    """
    cases = random.Random(1).sample(mentions(language), 50)
    bare = [locate(text[start:end], text) for text, start, end, _ in cases]
    shares = {}
    for name, wrap in (WRAPPINGS | SPECIAL[language]).items():
        right = 0
        for (text, start, end, _), places in zip(cases, bare, strict=True):
            found = locate(wrap(text[start:end]), text)
            right += found == places and (start, end) in found
        shares[name] = right / len(cases)
    assert {name: share for name, share in shares.items() if share < 0.98} == {}


# What a model says around a name X in its sentence's own language.
NATIVE: dict[str, list[str]] = {
    "ja": [
        "Xです", "Xです。", "Xになります。", "該当する語句はXです。", "答えはXです。",
        "正解はXだ。",
        "X（英語：Entity）", "X（固有表現）", "この文では「X」です。", "X、つまり名前です。",
        "Entityに対応する語句はXです。", "はい、Xです。",
    ],
    "zh": [
        "X。", "就是X。", "答案是X。", "对应的词是X。", "对应的短语为“X”。", "X（英文：Entity）",
        "X，即一个名字。", "X是一个名字。", "X：这是一个名字。", "Entity译为X。",
        "在句子中，Entity对应的是X。", "對應的詞是X。",
    ],
    "ru": [
        "Это X.", "Ответ: X", "Ответом является X.", "Соответствующая фраза — X.", "X (Entity)",
        "X — это название.", "X, то есть название.", "В предложении это «X».",
        "Фраза, которая соответствует Entity, — это X.",
    ],
    "am": [
        "X ነው።", "መልሱ X ነው።", "ሐረጉ X ነው።", "X (Entity)", "መልሱ፦ X", "X፣ ስም ነው።",
        "ትክክለኛው መልስ X ነው።", "በዓረፍተ ነገሩ ውስጥ «X» ነው።",
    ],
    "ko": [
        "X 입니다.", "X입니다.", "해당하는 구절은 X입니다.", "정답은 X입니다.", "X (영어: Entity)",
        "X(Entity)", "X, 즉 이름입니다.", "Entity에 해당하는 표현은 X입니다.", "답: X",
        "문장에서 Entity는 'X'입니다.", "네, X입니다.",
    ],
    "hi": [
        "X है।", "सही उत्तर X है।", "उत्तर X है।", "वाक्यांश X है।", "X (अंग्रेज़ी: Entity)",
        "X (Entity)",
        "उत्तर: X", "X, यानी एक नाम।", "इसका सही उत्तर X है।", "Entity के लिए शब्द X है।",
        "यह X है।",
    ],
    "ar": [
        "العبارة هي X.", "الجواب هو X.", "الإجابة الصحيحة هي X.", "X (Entity)",
        "X (بالإنجليزية: Entity)",
        "الإجابة: X", "X، وهو اسم.", "العبارة المقابلة هي X.", "إنها X.", "X هي العبارة المقابلة.",
    ],
    "ka": [
        "ფრაზა არის X.", "პასუხია X.", "სწორი პასუხია X.", "X (Entity)", "X (ინგლისურად: Entity)",
        "პასუხი: X", "X, ანუ სახელი.", "ეს არის X.", "შესაბამისი ფრაზაა X.", "X არის სახელი.",
    ],
    "hy": [
        "Պատասխանը X է։", "Պատասխանն է՝ X։", "X (Entity)", "X (անգլերեն՝ Entity)", "Դա X է։",
        "Պատասխան՝ X", "X, այսինքն՝ անուն։", "Համապատասխան արտահայտությունը X է։", "X է։",
    ],
    "fa": [
        "پاسخ X است.", "عبارت X است.", "X است.", "X (Entity)", "X (به انگلیسی: Entity)", "پاسخ: X",
        "X، یعنی نام.", "عبارت مورد نظر X است.", "پاسخ صحیح X می‌باشد.",
    ],
    "he": [
        "התשובה היא X.", "הביטוי הוא X.", "זה X.", "X (Entity)", "X (באנגלית: Entity)", "תשובה: X",
        "X, כלומר שם.", "הביטוי המתאים הוא X.", "X הוא הביטוי המתאים.",
    ],
    "th": [
        "คำตอบคือ X", "วลีที่ตรงกันคือ X", "คือ X", "X (Entity)", "X (ภาษาอังกฤษ: Entity)",
        "คำตอบ: X",
        "คำตอบคือ X ครับ", "คำที่ตรงกับ Entity คือ \"X\"", "X ค่ะ", "คำตอบคือX",
    ],
    "es": [
        "La respuesta es X.", "Es X.", "La frase es X.", "X (Entity)", "X (en inglés: Entity)",
        "Respuesta: X", "X, es decir, un nombre.", "La frase correspondiente es «X».",
        "En la oración, Entity corresponde a X.",
    ],
    "bn": [
        "উত্তর হল X।", "উত্তরটি হলো X।", "সঠিক উত্তর X।", "X (Entity)", "X (ইংরেজি: Entity)",
        "উত্তর: X",
        "X, অর্থাৎ একটি নাম।", "বাক্যাংশটি হল X।", "এটি X।",
    ],
    "de": [
        "Die Antwort ist X.", "Die Antwort lautet X.", "Das ist X.", "X (Entity)", "Antwort: X",
        "X, also ein Name.",
    ],
    "fr": [
        "La réponse est X.", "C'est X.", "X (Entity)", "Réponse : X", "X, c'est-à-dire un nom.",
        "La réponse est : X.",
    ],
    "nl": [
        "Het antwoord is X.", "Dat is X.", "X (Entity)", "Antwoord: X", "X, dus een naam.",
    ],
    "uk": [
        "Відповідь — X.", "Це X.", "X (Entity)", "Відповідь: X", "X, тобто назва.",
    ],
    "tr": [
        "Cevap X.", "Doğru cevap X'dir.", "X (Entity)", "Cevap: X", "X, yani bir isim.",
        "Cevap X'dır.",
    ],
    "ta": [
        "பதில் X.", "பதில் X ஆகும்.", "X (Entity)", "பதில்: X", "X, அதாவது ஒரு பெயர்.",
    ],
    "te": [
        "సమాధానం X.", "సమాధానం X అవుతుంది.", "X (Entity)", "సమాధానం: X", "X, అంటే ఒక పేరు.",
    ],
    "ur": [
        "جواب X ہے۔", "X ہے۔", "X (Entity)", "جواب: X", "X، یعنی نام۔", "درست جواب X ہے۔",
    ],
}  # fmt: skip

WRITTEN: dict[str, list[tuple[str, str]]] = {
    "ko": [
        ("삼성전자는 수원에 본사를 둔 기업이다.", "삼성전자"),
        ("그는 우크라이나에서 태어나 독일로 갔다.", "우크라이나"),
        ("방탄소년단이 서울에서 공연했다.", "방탄소년단"),
        ("김민수 씨와 이영희 씨는 김민수 씨의 집에 갔다.", "김민수"),
        ("작년에 서울 대학교 병원에서 수술을 받았다.", "서울 대학교 병원"),
    ],
    "hi": [
        ("माफिया ने मुंबई में माफिया को मारा।", "माफिया"),
        ("नरेंद्र मोदी कल वाराणसी गए।", "नरेंद्र मोदी"),
        ("उत्तर कोरिया ने मिसाइल का परीक्षण किया।", "उत्तर कोरिया"),
        ("उसका भाई भारतीय रेल में काम करता है।", "भारतीय रेल"),
        ("गंगा नदी हिमालय से निकलती है।", "गंगा"),
    ],
    "ar": [
        ("زار محمد صلاح القاهرة أمس.", "محمد صلاح"),
        ("سافر الوفد إلى آسفي ثم عاد.", "آسفي"),
        ("تقع القاهرة على نهر النيل.", "القاهرة"),
        ("التقى الوزير بباريس وفدا من الخارج.", "باريس"),
        ("أعلنت الأمم المتحدة أن الأمم المتحدة ستجتمع.", "الأمم المتحدة"),
    ],
    "ka": [
        ("ილია ჭავჭავაძე ყვარელში დაიბადა.", "ილია ჭავჭავაძე"),
        ("ის თბილისში ცხოვრობს.", "თბილის"),
        ("საქართველოს პარლამენტი ქუთაისში მუშაობდა.", "საქართველოს პარლამენტი"),
        ("მდინარე მტკვარი თბილისზე გადის.", "მტკვარი"),
        ("გუშინ დინამო ბათუმი და საბურთალო შეხვდნენ.", "დინამო ბათუმი"),
    ],
    "hy": [
        ("Նա ապրում է Երևանում։", "Երևան"),
        ("Տիգրան Պետրոսյանը ծնվել է Թիֆլիսում։", "Տիգրան Պետրոսյան"),
        ("Սևանա լիճը գտնվում է Հայաստանում։", "Սևանա լիճ"),
        ("Երեկ Գյումրի քաղաքում ձյուն եկավ։", "Գյումրի"),
        ("Մատենադարանը և Մատենադարանը նույնն են։", "Մատենադարան"),
    ],
    "fa": [
        ("محمود درویش در تهران سخنرانی کرد.", "محمود درویش"),
        ("او دیروز از اصفهان به شیراز رفت.", "اصفهان"),
        ("دانشگاه تهران در سال ۱۳۱۳ تأسیس شد.", "دانشگاه تهران"),
        ("بازیکنان پرسپولیس به قطر رفتند.", "پرسپولیس"),
        ("کوه دماوند بلندترین کوه ایران است.", "دماوند"),
    ],
    "he": [
        ("הוא גר בירושלים מאז ילדותו.", "ירושלים"),
        ("דוד בן גוריון הכריז על הקמת המדינה.", "דוד בן גוריון"),
        ("האוניברסיטה העברית נמצאת על הר הצופים.", "הר הצופים"),
        ("מכבי חיפה ניצחה את הפועל ומכבי חיפה חגגה.", "מכבי חיפה"),
        ("הנשיא ביקר אתמול בארה\"ב ובקנדה.", "ארה\"ב"),
    ],
    "th": [
        ("เขาอาศัยอยู่ที่กรุงเทพมหานครมานาน", "กรุงเทพมหานคร"),
        ("ทักษิณ ชินวัตร เดินทางกลับประเทศไทย", "ทักษิณ ชินวัตร"),
        ("แม่น้ำเจ้าพระยาไหลผ่านอยุธยา", "เจ้าพระยา"),
        ("บริษัทปูนซิเมนต์ไทยเปิดโรงงานใหม่", "ปูนซิเมนต์ไทย"),
        ("เชียงใหม่กับเชียงรายและเชียงใหม่", "เชียงใหม่"),
    ],
    "es": [
        ("Ayer Gabriel García Márquez llegó a Bogotá.", "Gabriel García Márquez"),
        ("La empresa Telefónica compró una filial en Chile.", "Telefónica"),
        ("El Real Madrid ganó y el Real Madrid celebró.", "Real Madrid"),
        ("Los ríos de Castilla y León bajan llenos.", "Castilla y León"),
        ("Según la ONU, la crisis es grave.", "ONU"),
    ],
    "bn": [
        ("রবীন্দ্রনাথ ঠাকুর কলকাতায় জন্মগ্রহণ করেন।", "রবীন্দ্রনাথ ঠাকুর"),
        ("তিনি গতকাল ঢাকা থেকে ফিরেছেন।", "ঢাকা"),
        ("পদ্মা নদী রাজশাহীর পাশ দিয়ে বয়ে যায়।", "পদ্মা"),
        ("বাংলাদেশ ব্যাংক নতুন নোট ছেড়েছে।", "বাংলাদেশ ব্যাংক"),
        ("সাকিব আল হাসান ভালো খেলেছেন আর সাকিব আল হাসান জিতেছেন।", "সাকিব আল হাসান"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", GOLD)
def test_native_answers_name_the_surfaces_of_gold(language: str) -> None:
    cases = [(x[0], x[0][x[1] : x[2]]) for x in random.Random(2).sample(mentions(language), 100)]
    bare = [locate(surface, text) for text, surface in cases]
    shares = {}
    for template in NATIVE[language]:
        right = sum(
            locate(template.replace("X", surface), text) == places
            for (text, surface), places in zip(cases, bare, strict=True)
        )
        shares[template] = right / len(cases)
    assert {template: share for template, share in shares.items() if share < 0.99} == {}


@pytest.mark.parametrize("language", WRITTEN)
def test_native_answers_name_exactly_the_surface(language: str) -> None:
    lost = []
    for text, surface in WRITTEN[language]:
        expected = occurrences(surface, text, spaces=language != "th")
        for template in ["X", *NATIVE[language]]:
            found = locate(template.replace("X", surface), text)
            if found != expected:
                lost.append((template, surface, [text[start:end] for start, end in found]))
    assert lost == []


FOUND = [
    # Japanese
    ("ﾄﾖﾀ自動車", "トヨタ自動車が", ["トヨタ自動車"]),
    ("トヨタ自動車", "ﾄﾖﾀ自動車とトヨタ自動車", ["トヨタ自動車"]),
    ("東 京", "東京タワーは東京にある", ["東京", "東京"]),
    ("答えは東京です。", "彼は東京に行った。", ["東京"]),
    ("(株)日立", "㈱日立です", ["㈱日立"]),
    ("㈱日立", "昨日(株)日立が", ["(株)日立"]),
    ("3月", "SOKA net3月の3月", ["3月", "3月"]),
    ("か\u3099っこう", "これはがっこうだ", ["がっこう"]),
    ('{"entity": "Tokyo", "answer": "東京"}', "彼は東京に行った。", ["東京"]),
    ("Tokyo → 東京 (JP)", "彼は東京に行った。", ["東京"]),
    ("2ちゃんねる is a site.", "彼は2ちゃんねるを見た。", ["2ちゃんねる"]),
    ("東京ではなく、大阪です。", "東京と大阪へ行く。", ["大阪"]),
    ('["東京", "大阪"]', "大阪と東京へ行く。", ["大阪", "東京"]),
    # Chinese
    ("不是上海，而是北京。", "上海和北京都很大。", ["北京"]),
    ("<think>上海 is Shanghai; 北京 is Beijing.</think>北京", "上海和北京都很大。", ["北京"]),
    ("昨天下午他去了**北京**。", "昨天下午他去了北京。", ["北京"]),
    ("北京, 上海", "上海和北京都很大。", ["上海", "北京"]),
    ("“影協”", "美國影協的人", ["影協"]),
    ("答案是：北京。", "他住在北京。", ["北京"]),
    ("The name is 唐, I believe.", "其後唐代興起。", ["唐"]),
    # Korean: particles in the sentence or in the answer
    ("서울", "서울에서 서울은", ["서울", "서울"]),
    ("서울", "서울 시민은 서울에서 산다", ["서울", "서울"]),
    ("서울", "서울대 앞 서울", ["서울"]),
    ("서울은", "나는 서울에서 산다", ["서울"]),
    (unicodedata.normalize("NFD", "서울"), "나는 서울에서 산다", ["서울"]),
    ("가", "각가", ["가"]),
    ("답: 삼성 전자", "삼성전자가 발표했다.", ["삼성전자"]),
    ("답은 서울이 아니라 부산입니다.", "서울과 부산에 간다", ["부산"]),
    ('"서울" and "부산"', "서울과 부산에 간다", ["서울", "부산"]),
    # Arabic and Hebrew: vowel points, attached prepositions
    ("مُحَمَّد", "زار محمد باريس", ["محمد"]),
    ("باريس", "زار محمد باريس وباريس", ["باريس"]),
    ("باريس", "وباريس جميلة", ["باريس"]),
    ("יְרוּשָׁלַיִם", "ירושלים יפה", ["ירושלים"]),
    ("ירושלים", "הוא גר בירושלים", ["ירושלים"]),
    ('The answer is "الصين".', "سافر للصين أمس", ["لصين"]),
    # Hindi
    ("उत्तर है दिल्ली।", "वह दिल्ली में है।", ["दिल्ली"]),
    ("दिल्ली इसका उत्तर है।", "वह दिल्ली में है।", ["दिल्ली"]),
    # Russian
    ("Москва́", "Москва слезам не верит", ["Москва"]),
    ("Москва", "Москва́ — столица. Москва велика.", ["Москва́", "Москва"]),
    ("Путин.", "Путин далеко, но это Путин.", ["Путин", "Путин"]),
    ("Not Москва but Киев.", "Москва и Киев далеко.", ["Киев"]),
    ("москва", "Москва-река и Москвабад", ["Москва"]),
    ("«Литва»", "Команда «Литва» и Литва", ["Литва", "Литва"]),
    ("Фирма «Вега» is it.", "Это Фирма «Вега» здесь.", ["Фирма «Вега»"]),
    # Hindi, Thai, Armenian, Georgian
    ("**दिल्ली**", "वह नई दिल्ली गया", ["दिल्ली"]),
    ("กรุงเทพ", "เขาอยู่กรุงเทพมหานคร", ["กรุงเทพ"]),
    ("Երևան", "Երևանում և Երևան", ["Երևան"]),
    ("თბილისი", "თბილისი დედაქალაქია", ["თბილისი"]),
    # Latin
    ("Paris", "Paris Hilton in Paris", ["Paris", "Paris"]),
    ("US", "Das Haus und die USA", ["US"]),
    ("Jose", "Jose\u0301 Martí", ["Jose\u0301"]),
    ("JOSÉ", "Jose\u0301 Martí", ["Jose\u0301"]),
    ("O'Brien", "Mr O’Brien left", ["O’Brien"]),
    ("The answer is: Washington, D.C.", "He is in Washington, D.C. now", ["Washington, D.C."]),
    ("The entity in the sentence is Berlin.", "Er war in Berlin.", ["Berlin"]),
    ('"Germany" is "Deutschland" there.', "Das ist Deutschland.", ["Deutschland"]),
    ("Ελλάδας", "Η ΕΛΛΆΔΑΣ", ["ΕΛΛΆΔΑΣ"]),
    ("👩‍👩‍👧", "これは👩‍👩‍👧だ", ["👩‍👩‍👧"]),
    ("a", "a", ["a"]),
    # Of two phrases that stand in the sentence the first that the answer names
    ("拜登，即美国总统。", "拜登去了，美国总统说。", ["拜登"]),
    ("拜登是美国总统。", "拜登去了，美国总统说。", ["拜登"]),
    ("1. Москву\n2. Германии", "Он поехал в Москву из Германии", ["Москву"]),
    ("القاهرة (العاصمة المصرية)", "تقع القاهرة وهي العاصمة المصرية", ["القاهرة"]),
    ("東京です", "彼は東京で働く", ["東京"]),
    # What the sentence attaches to a name
    ("باريس (Paris)", "زار وباريس أمس", ["باريس"]),
    ("Երևան (Yerevan)", "Նա Երևանում է", ["Երևան"]),
    ("አዲስ አበባ (Addis Ababa)", "እሱ በአዲስ አበባ ነው", ["አዲስ አበባ"]),
    ("الولايات المتحدة", "وللولايات المتحدة دور", ["لولايات المتحدة"]),
    # An answer that quotes the sentence
    ("句子“拜登昨天去了北京，他很忙”中是“拜登”。", "拜登昨天去了北京，他很忙", ["拜登"]),
    ("句子“拜登去了北京”中，对应的是“拜登”。", "拜登去了北京", ["拜登"]),
    ('It is 拜登 in the sentence "拜登去了北京".', "拜登去了北京", ["拜登"]),
    ("The answer is “拜登”.", "拜登", ["拜登"]),
    # Words of the frame inside other words; markup
    ("**Answer:** Этого пока", "Для Этого пока нет", ["Этого пока"]),
    ("В этом", "Много м и м В этом", ["В этом"]),
    ("拜登</s>", "拜登Joe s去了", ["拜登"]),
    ("拜登<|im_end|>", "拜登Joe im end去了", ["拜登"]),
    ('{"answer": "ארה\\"ב"}', 'הוא גר בארה"ב היום', ['ארה"ב']),
    ('{"answer":"\\u62dc\\u767b"}', "拜登去了", ["拜登"]),
    # Spellings
    ("फिल्म", "यह फ़िल्म है", ["फ़िल्म"]),
    ("**ज़ाकिर**", "जाकिर आया", ["जाकिर"]),
    ("गाँधी", "गांधी आए", ["गांधी"]),
    ("ԵՐԵՎԱՆՈՒՄ", "Նա Երևանում է", ["Երևանում"]),
    ("مكتبه", "في مكتبة كبيرة", ["مكتبة"]),
    ("احمد", "قال أحمد اليوم", ["أحمد"]),
    ("ایران", "قال ايران اليوم", ["ايران"]),
    ("کریم", "قال كريم اليوم", ["كريم"]),
    ("ığdır", "O IĞDIR ilinde", ["IĞDIR"]),
    # Names that begin as a refusal does
    ("माफिया", "माफिया ने माफिया को", ["माफिया", "माफिया"]),
    ("آسفي", "زار آسفي أمس", ["آسفي"]),
    ("Leiderdorp", "Hij woont in Leiderdorp.", ["Leiderdorp"]),
    ("Leider Horst", "Der Leider Horst kam.", ["Leider Horst"]),
    ("None of the Above", "The film None of the Above won.", ["None of the Above"]),
    ("Nothing Records", "Signed to Nothing Records in 1992", ["Nothing Records"]),
    ("Nil", "Der Nil fließt", ["Nil"]),
    ("なし県", "彼はなし県に行く", ["なし県"]),
    ("Sí, se puede", "El lema Sí, se puede es", ["Sí, se puede"]),
    ("उत्तर कोरिया (North Korea)", "उत्तर कोरिया ने", ["उत्तर कोरिया"]),
]


@pytest.mark.parametrize(("answer", "sentence", "expected"), FOUND)
def test_locate(answer: str, sentence: str, expected: list[str]) -> None:
    assert [sentence[start:end] for start, end in locate(answer, sentence)] == expected


def test_repeats_are_found_in_place() -> None:
    assert locate("東京", "東京と東京") == [(0, 2), (3, 5)]
    assert locate("서울", "서울대 앞 서울") == [(6, 8)]


LONG = "東京に行く人が多いのです。"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("हावड़ा जंक्शन रेलवे स्टेशन", "हावड़ा जंक्शन रेलवे स्टेशन"),
        ("Илизаров , Гавриил Абрамович", "Илизаров , Гавриил Абрамович"),
        ("東京電力福島第一原子力発電所", "東京電力福島第一原子力発電所"),
        ("Anton Wilhelm von Zuccalmaglio", "Anton Wilhelm von Zuccalmaglio ."),
        ("دايو ( شركة )", "دايو ( شركة )"),
    ],
)
def test_a_text_that_is_a_name_is_found_by_it(name: str, sentence: str) -> None:
    for answer in (name, f'"{name}"', f"The answer is: {name}"):
        assert locate(answer, sentence) == [(0, len(name))]


def test_a_mark_that_the_answer_adds_to_a_name_is_none_of_the_text() -> None:
    name = "United States Citizenship and Immigration Services"
    assert locate(f"{name}.", name) == [(0, len(name))]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("", "x"),
        ("x", ""),
        (" \n", "x y"),
        ("。", "東京。"),
        ('""', 'Er sagte ""'),
        ("None", "None of this"),
        ("None.", "None of this"),
        ("**N/A**", "N/A or not"),
        ("なし", "問題なし。"),
        ("「なし」", "問題なし。"),
        ("没有", "他没有来"),
        ("없음", "문제 없음"),
        ("нет", "его нет"),
        ("I'm sorry, but I cannot find 東京.", "東京に行く"),
        ("I could not find it in the sentence.", "Er war in Berlin."),
        ("There is no such phrase in the sentence.", "Er war in Berlin."),
        ("申し訳ありませんが、見つかりません。", "東京に行く人はありません"),
        ("Извините, в предложении нет такой фразы.", "Он в Москве, Извините"),
        ("抱歉，句子中没有。", "他抱歉地說"),
        ("죄송합니다. 찾을 수 없습니다.", "그는 죄송합니다 라고 말했다"),
        ("トウキョウ", "東京に"),
        ("習近平", "习近平去了北京"),
        ("答案是“習近平”。", "习近平去了北京"),
        ("Answer: None", "None of this"),
        ("माफ करें, मुझे नहीं मिला", "माफ करें, वह नहीं"),
        ("वाक्य में कोई संगत शब्द नहीं है।", "उसने कहा कि कोई नहीं है"),
        ("이 문장에서는 찾을 수 없습니다.", "그는 이 문장에서 찾을 수"),
        ("Die Frage ist unklar, weil es so ist.", "Er ist so, weil es regnet."),
        (LONG, LONG),
        (LONG.rstrip("。"), LONG),
        (f'"{LONG}"', LONG),
        (f"The answer is: {LONG}", LONG),
        ("Он живёт в Москве уже давно", "Он живёт в Москве уже давно."),
    ],
)
def test_answers_that_name_nothing(answer: str, sentence: str) -> None:
    assert locate(answer, sentence) == []


def test_a_sentence_that_is_only_a_name_is_found() -> None:
    assert locate("前鎮區", "前鎮區") == [(0, 3)]
    assert locate("月の息子の第三の霊感", "『月の息子の第三の霊感』。") == [(1, 11)]


@given(
    st.text("東京 aA가\u0301ﾞ㌔\"'“「」*。:.\n", max_size=30),
    st.text("東京 aA가\u0301ﾞ㌔\"'“「」*。:.\n", max_size=30),
)
@settings(deadline=None, max_examples=300)
def test_spans_are_in_range_in_order_and_apart(answer: str, sentence: str) -> None:
    before = 0
    for start, end in locate(answer, sentence):
        assert before <= start < end <= len(sentence)
        before = end


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("a" * 10_000, "a" * 10_000 + "b"),
        ("ab" * 5000, "ba" * 5000 + "c"),
        ('"' * 10_000, 'x"' * 5000),
        ("東" * 10_000, "東" * 9999 + "京"),
        ("a b c d " * 1250, "a b c e " * 1250),
        ("\u0301" * 10_000, "e" + "\u0301" * 10_000),
        ("(" * 5000 + ")" * 5000, "()" * 5000),
        ("東 " * 5000, "東京" * 5000),
        ("x: " * 3300, "x : y " * 1600),
        ("각" * 5000, "가ㄱ" * 5000),
        ("ロキ" * 2500, "㌔" * 10_000),
        ("** " * 3000, "* " * 5000 + "a"),
        ("abcabc\n" * 1400, "abcabc " * 1400),
        ("word " * 2000 + "東京", "x " * 5000 + "京東"),
    ],
)
def test_hostile_answers_end_soon(answer: str, sentence: str) -> None:
    began = time.process_time()
    locate(answer, sentence)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("name", ["twitter", "To Heart", "はいすくーる落書", "ががちゃおこわ"])
def test_a_line_before_an_explanation_is_the_answer(name: str) -> None:
    sentence = f"先週『{name}』とHeartが出た。"
    found = locate(f"{name}\nExplanation: this is the name that stands for the entity.", sentence)
    assert [sentence[start:end] for start, end in found] == [name]


def test_a_long_sentence_is_searched_quickly() -> None:
    sentence = "彼は京都に行った。" * 1100 + "そして東京に着いた。"
    began = time.process_time()
    [(start, end)] = locate("The answer is 「東 京」.", sentence)
    assert sentence[start:end] == "東京"
    assert time.process_time() - began < 1
