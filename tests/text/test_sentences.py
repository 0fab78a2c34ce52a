"""Sentence splitting in the scripts of the project."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.text import languages, sentences


def parts(text: str, code: str) -> list[str]:
    return [text[a:b] for a, b in sentences.split(text, languages.get(code))]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ja", ["東京は日本の首都。", "人口は多い！", "本当か？"]),
        ("ja", ["彼は「行く。必ず行く。」と言った。", "以上。"]),
        ("zh", ["柏林是德国首都。", "他说：“好。坏。”然后走了。"]),
        ("ar", ["برلين عاصمة ألمانيا.", "هل هي كبيرة؟", "نعم."]),
        ("ur", ["برلن جرمنی کا دارالحکومت ہے۔", "یہ بڑا ہے۔"]),
        ("hi", ["बर्लिन जर्मनी की राजधानी है।", "यह बड़ा है।"]),
        ("am", ["በርሊን የጀርመን ዋና ከተማ ነው።", "ትልቅ ናት።"]),
        ("hy", ["Բեռլինը Գերմանիայի մայրաքաղաքն է։", "Այն մեծ է։"]),
        ("el", ["Είναι μεγάλη;", "Ναι."]),
        (
            "de",
            ["Er wurde am 3. Mai 1900 in St. Gallen geboren.", "Dr. A. Meier lebt z. B. in Bonn."],
        ),
        ("ru", ["Родился в 1821 г. в Москве.", "Жил на ул. Мира в I в. до н. э. в Риме.", "Умер."]),
        (
            "en",
            [
                "The U.S. Senate met Mr. J. F. Kennedy at 3.5 p.m. sharp.",
                "It rained (twice. really).",
            ],
        ),
        ("ko", ["서울은 대한민국의 수도이다.", "인구가 많다."]),
        ("ka", ["ბერლინი გერმანიის დედაქალაქია.", "ქალაქი დიდია.", "ძვ. წ. 5 წელს."]),
        ("he", ['שטחה 891 קמ"ר.', 'ד"ר כהן נולד בברלין.']),
        ("hy", ["Ի՜նչ լավ է Երևանը։", "Ո՞վ է նա։"]),
        ("de", ["Die Firma Yahoo! ist alt … und groß.", "Wirklich!"]),
        ("ko", ["미국의 … 그리고 중국의 도시이다.", "크다."]),
        ("ko", ["그는 U.S. 대통령이다.", "크다."]),
        ("nl", ["Dhr. Jansen sprak met Dr. De Vries.", "Het regende."]),
        ("fr", ["M. Dupont est né en 52 av. J.-C. à Rome.", "Il est mort."]),
    ],
)
def test_by_language(code, expected):
    joint = "" if not languages.get(code).spaces else " "
    assert parts(joint.join(expected), code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # Devanagari: a danda or a full stop, whichever the language or its writer prefers.
        ("mr", ["मुंबई हे शहर आहे.", "पुणे जवळ आहे.", "नाशिक दूर आहे."]),
        ("mr", ["डॉ. आंबेडकर मुंबईत आले.", "ते मोठे होते."]),
        ("kok", ["पणजी गोंयची राजधानी.", "तें शार ल्हान आसा."]),
        ("gom", ["पणजी गोंयची राजधानी.", "तें शार ल्हान आसा."]),
        ("ne", ["काठमाडौँ नेपालको राजधानी हो।", "यो ठूलो छ।"]),
        ("sa", ["रामः वनं गच्छति।", "सः नृपः॥"]),
        ("hi", ["बर्लिन राजधानी है.", "यह बड़ा है.", "क्या यह सच है?", "हाँ।"]),
        ("hi", ["डॉ. ए.पी.जे. अब्दुल कलाम दिल्ली गए.", "वे राष्ट्रपति थे।"]),
        ("hi", ["वह... नहीं आया।", "इसमें 3.5 लाख लोग हैं."]),
        ("bn", ["ড. মুহাম্মদ ইউনূস ঢাকায় গেলেন.", "তিনি অধ্যাপক।"]),
        ("as", ["গুৱাহাটী অসমৰ এখন চহৰ।", "ই ডাঙৰ।"]),
        ("or", ["ଭୁବନେଶ୍ୱର ଓଡ଼ିଶାର ରାଜଧାନୀ।", "ଏହା ବଡ଼।"]),
        ("pa", ["ਅੰਮ੍ਰਿਤਸਰ ਪੰਜਾਬ ਦਾ ਸ਼ਹਿਰ ਹੈ।", "ਇਹ ਵੱਡਾ ਹੈ।"]),
        ("gu", ["અમદાવાદ મોટું છે.", "વરસાદ છે."]),
        ("kn", ["ಬೆಂಗಳೂರು ರಾಜಧಾನಿ.", "ಇದು ದೊಡ್ಡದು."]),
        ("ml", ["കൊച്ചി ഒരു നഗരമാണ്.", "ഇത് വലുതാണ്."]),
        ("si", ["කොළඹ නගරයකි.", "එය විශාලයි."]),
        # Arabic script: the Urdu full stop or the Latin one.
        ("pnb", ["لہور پنجاب دا شہر اے۔", "ایہ وڈا اے۔"]),
        ("skr", ["ملتان ہک شہر ہے۔", "ایہ پراݨا ہے۔"]),
        ("ks", ["سرینگر چھُ اکھ شہر۔", "یہِ چھُ بوٚڈ۔"]),
        ("sd", ["ڪراچي هڪ شهر آهي.", "اهو وڏو آهي؟"]),
        ("ps", ["کابل پلازمېنه ده.", "دا لوی دی۔"]),
        ("ug", ["ئۈرۈمچى بىر شەھەر.", "ئۇ چوڭ."]),
        ("ckb", ["هەولێر شارێکە.", "گەورەیە؟"]),
        ("dv", ["މާލެ އަކީ ރާއްޖެ.", "އެއީ ރަށެއް."]),
        # Scripts with marks of their own.
        ("sat", ["ᱨᱟᱺᱪᱤ ᱫᱚ ᱥᱚᱦᱚᱨ ᱠᱟᱱᱟ᱾", "ᱱᱚᱶᱟ ᱢᱟᱨᱟᱝ ᱜᱮᱭᱟ᱾"]),
        ("mni", ["ꯏꯝꯐꯥꯜ ꯑꯁꯤ ꯁꯍꯔꯅꯤ꯫", "ꯃꯁꯤ ꯆꯥꯎꯏ꯫"]),
        ("my", ["ရန်ကုန်သည် မြို့ကြီးဖြစ်သည်။", "မိုးရွာသည်။"]),
        ("km", ["ភ្នំពេញធំ។", "ភ្លៀងធ្លាក់៕"]),
        ("lo", ["ວຽງຈັນແມ່ນນະຄອນຫຼວງ.", "ໃຫຍ່ບໍ?"]),
        ("bo", ["ལྷ་ས་ནི་གྲོང་ཁྱེར་ཞིག་རེད། །", "དེ་ཆེན་པོ་རེད།"]),
        ("dz", ["ཐིམ་ཕུག་འདི་རྒྱལ་ས་ཨིན།", "སྦོམ་ཨིན།"]),
        ("am", ["በርሊን ዋና ከተማ ነው፡፡", "ትልቅ ናት::", "ናት፧"]),
        ("ti", ["ኣስመራ ርእሰ ከተማ እያ።", "ዓባይ እያ።"]),
        ("nqo", ["ߓߡߊ߬ߞߐ߫ ߦߋ߫ ߛߏ߫ ߘߌ߫.", "ߊ߬ ߓߏ߲߬ߓߊ߫߹"]),
        ("chr", ["ᏣᎳᎩ ᎠᏰᎵ.", "ᎣᏏᏲ."]),
        ("mn-mong", ["ᠮᠣᠩᠭᠣᠯ ᠤᠯᠤᠰ᠃", "ᠶᠡᠬᠡ᠃"]),
        ("hyw", ["Երեւանը մայրաքաղաք է։", "Մեծ է։"]),
        ("grc", ["Τίς εἶ\u037e", "Ἄνθρωπός εἰμι."]),
        # One language in several scripts.
        ("sr", ["Београд је велик.", "Пада киша."]),
        ("sr-ec", ["Београд је велик.", "Пада киша."]),
        ("sr-el", ["Beograd je velik.", "Pada kiša."]),
        ("yue", ["香港好大。", "落緊雨？"]),
        ("zh-classical", ["子曰善。", "王曰：「諾。」"]),
        ("zh-min-nan", ["Tâi-pak chin tōa.", "Lo̍h-hō͘."]),
        # In a script that is not the language's usual one.
        ("mn", ["ᠮᠣᠩᠭᠣᠯ ᠤᠯᠤᠰ᠃", "ᠶᠡᠬᠡ᠃"]),
        ("sd", ["कराची शहर आहे।", "सिन्धु नदी आहे।"]),
        ("mni", ["ইম্ফাল অসি শহরনি।", "মসি চাউই।"]),
        ("kk", ["استانا قالا؟", "يا!"]),
        ("nan", ["臺北足大。", "落雨。"]),
        ("sr", ["Dr. Petrović je u Beogradu.", "Pada kiša."]),
        # Titles before a name, in languages without a row.
        ("tr", ["Prof. Dr. Ali geldi.", "Gitti."]),
        ("it", ["Il sig. Rossi e il dott. Bianchi.", "Piove."]),
        ("bg", ["Проф. Иванов живее на ул. Мир.", "Вали."]),
        ("pa", ["ਡਾ. ਸਿੰਘ ਆਏ।", "ਮੀਂਹ ਹੈ।"]),
        ("gu", ["ડૉ. પટેલ આવ્યા.", "વરસાદ છે."]),
        ("kn", ["ಡಾ. ರಾಜ್ ಬಂದರು.", "ಮಳೆ."]),
        ("ml", ["ഡോ. നായർ വന്നു.", "മഴ."]),
        # A mark that is no full stop has neither initials nor abbreviations before it.
        ("hy", ["Այն մեծ է:", "Երևան է:"]),
        ("el", ["Ναι ή;", "Όχι."]),
        # The number of an item of a list is no sentence of its own.
        ("en", ["1. Rome is large.", "Paris too."]),
        ("en", ["2.3. Rome is large.", "Paris too."]),
        ("km", ["មាន ផ្លែឈើ ។ល។", "គេមក។"]),
        # Quotes
        ("fr", ["Il dit : « Oui. »", "Puis il partit.", "« Non\u00a0!\u00a0»", "Rien."]),
        ("fr", ["Elle dit « oui » et partit.", "« Oui. » dit-il.", "Rien."]),
        ("de", ["»Es regnet.«", "Er ging.", "»Gut!«", "Dann »adieu«.", "Ja."]),
        ("da", ["Han sagde: »Ja.«", "Så gik han."]),
        ("de", ["„Es regnet.“", "Er ging.", "Sie sagte: „Gut!“", "Dann „Adieu“."]),
        ("en", ["He said: “It rains. A lot.”", "Then he left (early. Really)."]),
        ("ru", ["Он сказал: «Идёт дождь.»", "И ушёл."]),
        ("hi", ["उसने कहा, “यह अच्छा है।”", "फिर वह गया।"]),
    ],
)
def test_marks_belong_to_languages_not_to_the_best_known_one_of_a_script(code, expected):
    # Lao has spaces between sentences alone.
    joint = " " if languages.get(code).spaces or code == "lo" else ""
    assert parts(joint.join(expected), code) == expected


@pytest.mark.parametrize("code", ["th", "lo"])
def test_where_no_mark_ends_a_sentence_a_line_does(code):
    assert parts("กรุงเทพ เป็นเมืองหลวง\nฝนตก", code) == ["กรุงเทพ เป็นเมืองหลวง", "ฝนตก"]


def test_newlines_always_end_a_sentence():
    assert parts("Ein Wort\nnoch eins (offen\nzu)", "de") == ["Ein Wort", "noch eins (offen", "zu)"]


def test_an_unclosed_bracket_hides_no_sentence_end():
    assert parts("彼は「行く。必ず。", "ja") == ["彼は「行く。", "必ず。"]


@given(
    st.text(st.sampled_from("aB1 .。?!「」()\n։؟།éあ„“”»፡:"), max_size=60),
    st.sampled_from(["en", "ja", "hy", "bo", "am", "de"]),
)
def test_spans_cover_all_but_space(text, code):
    spans = sentences.split(text, languages.get(code))
    outside, at = "", 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]
        outside += text[at:start]
        at = end
    assert not (outside + text[at:]).strip()
