"""Which language a text is in, from the function words and letters that are peculiar to it.

Arabic script serves many languages; what tells them apart are their commonest short words and the letters that only one
of them has. Both are counted over the words of the text, so that a quotation or a name in another language weighs
little. A text of fewer than `_FEWEST` words decides nothing unless its letters do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from operator import itemgetter

_FEWEST = 3
_LETTERS = {  # letters that few of these languages write, or one alone
    "ckb": "ێۆڕڵە",
    "ur": "ٹڈڑےںھہ",
    "ps": "ټډړږښڼېۍ",
    "ug": "ۇۈۋڭ",
    "sd": "ڄڃڇڊڌڍڏڙڦڻٻٽٿڪڳ",
    "tr": "ğışİ",
    "de": "ß",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "pl": "łśżźęćń",
    "el": "αειοντσςρκ",
    "zh": "的是了这這们們为為会會来來时時说說过過国國",
    "ja": "はがのをにでしたいるすともれ",
    "fa": "پچژگ",  # the others write them, too: they decide against Arabic only
}
_WORDS = {
    "ar": """في من على إلى أن التي الذي عن مع هذا هذه ذلك كما قد بين بعد قبل لم لن ما هو هي كان كانت إن أنه أنها الى حتى
        خلال حيث بعض كل غير عند منذ أو ثم لا تم يتم الذين وقد وقال قال أكد عام وفي ومن وأن اليوم يوم أي لكن بن عبد""",
    "fa": """در به از که این را با است برای آن های می شد خود تا بر یک کرد شده هم نیز باید دارد بود اما وی کرده اند ها
        کند شود گفت همه ای ما پس هر اگر دو آنها باشد خواهد داد چه نمی گزارش سال روز دولت کنند میشود""",
    "ckb": "لە بۆ کە ئەم ئەو بە دەکات لەگەڵ و کرد بوو هەر سەر ئەوەی هەیە نییە دەبێت دوای پێش کوردستان",
    "ur": "کے میں کی ہے اور سے کا کو نے پر ہیں کہ کر ایک اس یہ تھا بھی گیا کیا نہیں جو ان لیے تھے",
    "ps": "د په چې او کې ته له یې دا هم کړي شوي کړې سره به دی وو شو کوي چی کښې هغه",
    "ug": "بىلەن ۋە بۇ ئۇ بولۇپ ئۈچۈن دەپ قىلىش بىر بولغان",
    "sd": "جي ۾ جو کي ته ۽ آهي سان تي کان جا هن آهن",
    "en": "the of and to in a is that for on with as was by at from it he be are has have his said this not",
    "fr": "le la les de des du et en un une que est pour dans qui sur au par avec il plus ce pas a été son",
    "tr": """ve bir bu için ile da de olarak olan daha çok gibi olduğu kadar sonra ne ise dedi en yeni göre her iki
        günü yılında""",
    "de": """der die das und in den von zu mit sich auf für ist im dem nicht ein eine als auch es an werden aus er
        hat dass sie bis am""",
    "es": "el la los las de del que y en un una por con para no se su al lo como más es pero sus fue ha este desde",
    "it": "il lo la gli le di del della che e un una per con non si da al nel è sono anche più dei ha",
    "pt": "o a os as do da dos das que e em um uma para com não se por mais como no na ao foi são seu é",
    "nl": "de het een en van in is dat op te zijn met voor niet aan er om ook als bij door naar hij maar worden",
    "pl": "w i na z się do nie że to jest o jak ale po od za przez dla są oraz ich który która już był",
    "el": "και το να του η της με για την από που στο τον είναι οι τα στην δεν θα ότι",
    "ku": "û li ji bi ku ew di de ne ev bo wê jî re tê yê kir dike",
    "ru": "и в не на что с по как это он из у за от так для же бы к но а о его до",
    "he": "של את על לא הוא זה עם כי גם היא אל אם או כל אני יש",
}


def _in_persian_shape(text: str) -> str:
    """Persian is typed with ي and ك, Arabic in Iran with ی and ک."""
    return text.replace("ي", "ی").replace("ك", "ک") if "ي" in text or "ك" in text else text


_OF_WORD: dict[str, list[str]] = {}
for _language, _list in _WORDS.items():
    for _word in {*_list.split(), *_in_persian_shape(_list).split()}:
        _OF_WORD.setdefault(_word, []).append(_language)
_WORD = re.compile(r"[^\W\d_]+(?:\u200c[^\W\d_]+)*")
_OF_LETTER: dict[str, list[tuple[str, int]]] = {}
"""Letter → languages it speaks for, and how much."""
for _language, _list in _LETTERS.items():
    for _letter in _list:
        _OF_LETTER.setdefault(_letter, []).append((_language, 1 if _language == "fa" else 2))
_MARKS = re.compile(r"[\u064B-\u0652\u0670\u0640]+")


def detect_language(text: str) -> str:
    """ISO 639 code of the language that most of `text` is in, or `und`; see `language_of`."""
    return language_of(text)[0]


def language_of(text: str) -> tuple[str, float]:
    """ISO 639 code of the language that most of `text` is in, and how sure that is; `und` and 0 when it does not say.

    The confidence is the share of the evidence, of this language and the next, that speaks for it: above 0.5, up to 1.

    Knows Arabic, Persian, Sorani (`ckb`), Kurmanji (`ku`), Urdu, Pashto, Uyghur, Sindhi, English, French, Turkish,
    German, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Greek, Hebrew,
    Chinese and Japanese. Persian typed with Arabic ي and ك is Persian.
    """
    words = _WORD.findall(_MARKS.sub("", text[:20_000].lower()))
    if not words:
        return "und", 0.0
    scores: dict[str, int] = defaultdict(int)
    for word, times in Counter(words).items():
        for language in _OF_WORD.get(word) or _OF_WORD.get(_in_persian_shape(word)) or ():
            scores[language] += times
    letters = "".join(words)
    for letter in _OF_LETTER.keys() & set(letters):
        times = letters.count(letter)
        for language, weight in _OF_LETTER[letter]:
            scores[language] += times * weight
    ranked = sorted(scores.items(), key=itemgetter(1), reverse=True)
    (best, most), (_, second) = (*ranked, ("und", 0), ("und", 0))[:2]
    known = len(words) >= _FEWEST or any(letter in letters for letter in _LETTERS.get(best, ""))
    if not known or most == second or most < max(1, len(words) // 25):
        return "und", 0.0
    return best, round(most / (most + second), 3)
