"""Text: characters, words, lemmas, tokens, padding."""
import platform
import re
import sys
import unicodedata
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import nltk
import numpy as np
from keras.src.legacy.preprocessing.text import Tokenizer

PYTHON = f"Python {platform.python_version()}, Unicode {unicodedata.unidata_version}"
KERAS = keras.__version__
WORDNET = Path("/usr/share/wordnet")
CODE_POINTS = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]

TEXTS = [
    "", " ", "\t\n\r\n", "plain", "Forest FIRE near La Ronge Sask. Canada", "#Earthquake!! @user RT: 13,000 people receive #wildfires evacuation",
    "http://t.co/AbC123 in front", "twice https://t.co/a https://t.co/b.", "no http://t.co/ link", "http://t,co/x dot is any character",
    "http://t.co/déjà-vu", "HTTP://T.CO/X upper", "http://example.com/x other host", "xhttps://t.co/Zz9glued",
    "naïve café, cafe\u0301 — “quoted” it’s", "Straße ẞ ß", "İstanbul ISPARTA ıi", "ΟΔΥΣΣΕΥΣ ΣΑΣ. Σ", "ΑΣ\u0301 ΑΣ\u0301Β", "ǅ ǈ ǋ ﬁ ŉ ǰ ΐ",
    "ⅧⅫ ² ½ ₃ ① Ⓐ ㊀", "١٢٣ १२३ 𝟙𝟚 ١a٢", "日本語のテキスト 東京", "한국어 텍스트", "עִבְרִית", "हिन्दी ภาษาไทย", "𝒜𝓑 𐐀𐐁 𐐨",
    "fire 🔥🔥 in town 😱", "🇩🇪🇫🇷 flags", "👩‍🚒 joined 👍🏽 skin", "☂ ☔ ✂ ✈ ➰ Ⓜ", "🤖🥵 newer emoji stay", "a\u200bb zero\ufeffwidth\u00a0nbsp\u2003em",
    "under_score __init__ 4_2", "a\u001cb\u0085c\u2028d", "x" * 500, "ab " * 200, "\u0000nul\u0001", "e\u0301" * 3, "ｆｕｌｌ　ｗｉｄｔｈ", "ﷺ ﬀ"]


def ranges(predicate):
    """The code points for which it holds, as [first, last] pairs."""
    found = []
    for char in CODE_POINTS:
        if predicate(char):
            if found and found[-1][1] == ord(char) - 1:
                found[-1][1] += 1
            else:
                found.append([ord(char), ord(char)])
    return found


def characters(write, case):
    classes = {"word": re.compile(r"\w").match, "digit": re.compile(r"\d").match, "space": str.isspace,
               "unassigned": lambda c: unicodedata.category(c) == "Cn"}
    write("character_classes", PYTHON, [case({"class": name}, "every code point but surrogates", ranges(holds)) for name, holds in classes.items()],
          note="str.split() and \\s agree with `space`; leave out `unassigned` when comparing with a newer Unicode")
    changed = "".join(c for c in CODE_POINTS if c.lower() != c)
    cases = [case({}, t, t.lower()) for t in TEXTS] + [case({}, changed[i:i + 200], changed[i:i + 200].lower()) for i in range(0, len(changed), 200)]
    write("lower_case", f"{PYTHON} str.lower", cases)


def substitutions(write, case):
    emoji = "[\U0001F600-\U0001F64F\U0001F300-\U0001F5FF\U0001F680-\U0001F6FF\U0001F1E0-\U0001F1FF\u2702-\u27B0\u24C2-\U0001F251]+"
    edges = "".join(f"{chr(c - 1)}{chr(c)}" for c in (0x1F600, 0x1F650, 0x1F300, 0x1F680, 0x1F700, 0x1F1E0, 0x1F200, 0x2702, 0x27B1, 0x24C2, 0x1F252))
    url = r"https?://t.co/[A-Za-z0-9]+"

    def sub(step, pattern, replacement, params, extra=()):
        inputs = TEXTS + list(extra)
        write(step, f"{PYTHON} re.sub({pattern.encode('unicode_escape').decode()!r}, {replacement!r})",
              [case(params, t, re.sub(pattern, replacement, t)) for t in inputs])
    sub("remove_emoji", emoji, "", {}, [edges])
    sub("remove", url, "", {"pattern": url})
    sub("replace_non_word", r"[^\w]", " ", {"with": " "})
    sub("remove_digits", r"\d", "", {})


def words(write, case):
    write("split", f"{PYTHON} str.split()", [case({}, t, t.split()) for t in TEXTS])
    write("join", f"{PYTHON} str.join", [case({"with": w}, t.split(), w.join(t.split())) for t in TEXTS for w in (" ", "")])
    stop = ["the", "not", "é", "日本", "don't", ""]
    lists = [["the", "The", "not", "é", "e\u0301", "日本", "日本語", "don't", "", "end"], [], ["the"]]
    write("remove_words", f"{PYTHON} [w for w in words if w not in removed]",
          [case({"words": stop}, w, [x for x in w if x not in stop]) for w in lists])
    lists = [["", "a", "ab", "abc", "abcd", "日本", "日本語", "東京都庁", "😀😀😀", "éé", "e\u0301e\u0301"], []]
    write("min_length", f"{PYTHON} [w for w in words if len(w) >= n]",
          [case({"length": n}, w, [x for x in w if len(x) >= n]) for w in lists for n in (0, 1, 2, 4)])


def wordnet_reader(folder):
    """NLTK's reader on Debian's files, which lack only `lexnames`, a file that lemmas do not need."""
    for file in WORDNET.iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "lexnames").write_text("".join(f"{i:02}\tnone\t0\n" for i in range(45)))
    warnings.simplefilter("ignore")
    return nltk.corpus.reader.WordNetCorpusReader(str(folder), None)


def inflect(word, pos):
    endings = {"verb": ("", "s", "es", "ed", "d", "ing", "ings", "eds"), "noun": ("", "s", "es", "ses", "ves", "men"),
               "adjective": ("", "er", "est", "r", "st"), "adverb": ("", "er", "s")}[pos]
    forms = [word + e for e in endings]
    return forms + ([word[:-1] + e for e in ("ing", "ies", "ied", "ves", "er")] if len(word) > 2 else [])


def lemmas(write, case):
    letters = {"verb": "v", "noun": "n", "adjective": "a", "adverb": "r"}
    files = {"verb": "verb", "noun": "noun", "adjective": "adj", "adverb": "adv"}
    odd = ["", "s", "es", "ing", "ed", "Running", "RUNNING", "ran", "thrives", "was", "is", "us", "has", "bombeds", "naïve", "日本", "x" * 300, "men",
           "axes", "geese", "better", "best", "further", "run_up", "running_up", "o'clock", "-s", "sing", "bing", "wing", "ssss", "lies", "dying"]
    cases = []
    with TemporaryDirectory() as folder:
        reader = wordnet_reader(Path(folder))
        rng = np.random.default_rng(11)

        def lemma(word, pos):  # nltk.stem.WordNetLemmatizer.lemmatize of 3.7, without its downloaded corpus
            found = reader._morphy(word, pos)
            return min(found, key=len) if found else word
        for pos, letter in letters.items():
            index = [line.split(" ", 1)[0] for line in (WORDNET / f"index.{files[pos]}").read_text().splitlines() if not line.startswith(" ")]
            exceptions = [line.split()[0] for line in (WORDNET / f"{files[pos]}.exc").read_text().splitlines()]
            chosen = [f for w in rng.choice(index, 150, replace=False) for f in inflect(w, pos)]
            chosen += list(rng.choice(exceptions, min(150, len(exceptions)), replace=False)) + odd
            chosen = [str(w) for w in chosen]
            cases.append(case({"part_of_speech": pos}, chosen, [lemma(w, letter) for w in chosen]))
    write("lemmatise", f"nltk.stem.WordNetLemmatizer {nltk.__version__} on WordNet 3.0", cases)


def keras_tokens(write, case):
    fitted = ["Fire near the forest, fire!", "flood in the city; café flood", "Straße 日本 don't stop_now", "i̇stanbul fire"]
    cases = []
    settings = [{}, {"oov_token": "<OOV>"}, {"num_words": 4}, {"num_words": 4, "oov_token": "<OOV>"}, {"lower": False}, {"filters": "!,"},
                {"split": "_"}, {"filters": ""}]
    texts = fitted + TEXTS[:30] + ["FIRE,fire\tfire\nFire\rfire", "don't 'fire' fire\u00a0fire", "the  the", "İstanbul", "<OOV> oov", "[flood] (flood) {flood} ^flood~"]
    for setting in settings:
        tokenizer = Tokenizer(**setting)
        tokenizer.fit_on_texts(fitted)
        params = {"vocabulary": tokenizer.word_index, **setting}
        cases.append(case(params, texts, tokenizer.texts_to_sequences(texts)))
    write("keras_tokens", f"keras.preprocessing.text.Tokenizer.texts_to_sequences (Keras 2 semantics, as kept in Keras {KERAS})", cases,
          note="filtered characters become the split string; num_words drops ids >= num_words")


def text_vectorization(write, case):
    vocabulary = ["fire", "flood", "café", "don't", "dont", "straße", "日本", "f", "i", "the fire"]
    texts = [t for t in TEXTS if len(t) < 100] + ["The FIRE, the flood!", "Don't café CAFÉ Straße", "日本 fire\u00a0flood\u2003fire", "f i r e", "fire\r\nflood\x0bfire\x0cfire\x1cfire"]
    cases = []
    for standardize in ("lower_and_strip_punctuation", "lower", "strip_punctuation", None):
        for split in ("whitespace", "character", None):
            for length in (None, 4) if split else (None,):
                layer = keras.layers.TextVectorization(vocabulary=vocabulary, standardize=standardize, split=split, output_sequence_length=length)
                params = {"vocabulary": vocabulary, "standardize": standardize, "split": split, "output_sequence_length": length, "output_dtype": "int64"}
                cases.append(case(params, texts, np.asarray(layer(texts))))
    for ngrams in (2, [2]):
        layer = keras.layers.TextVectorization(vocabulary=vocabulary, ngrams=tuple(ngrams) if isinstance(ngrams, list) else ngrams, output_sequence_length=6)
        cases.append(case({"vocabulary": vocabulary, "ngrams": ngrams, "output_sequence_length": 6, "standardize": "lower_and_strip_punctuation",
                           "split": "whitespace", "output_dtype": "int64"}, texts, np.asarray(layer(texts))))
    for mode in ("multi_hot", "count"):
        layer = keras.layers.TextVectorization(vocabulary=vocabulary, output_mode=mode)
        cases.append(case({"vocabulary": vocabulary, "output_mode": mode, "standardize": "lower_and_strip_punctuation", "split": "whitespace",
                           "output_dtype": "float32"}, texts, np.asarray(layer(texts))))
    write("text_vectorization", f"keras.layers.TextVectorization {KERAS}", cases,
          note="lower-cases ASCII only, splits on ASCII white space only; id 0 is padding, 1 is [UNK]; without a length: the batch's longest")


def pad(write, case):
    sequences = [[], [1], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7]]
    cases = []
    for side in ("pre", "post"):
        for truncate in ("pre", "post"):
            for value, dtype in ((0, "int32"), (-7, "int64"), (0.5, "float32")):
                for length in (1, 4, 10, None):
                    params = {"length": length, "side": side, "truncate": truncate, "value": value, "output_dtype": dtype}
                    cases.append(case(params, sequences, keras.utils.pad_sequences(sequences, maxlen=length, padding=side, truncating=truncate,
                                                                                     value=value, dtype=dtype)))
    write("pad", f"keras.utils.pad_sequences {KERAS}", cases, note="length null: to the longest of the batch")


def make(write, case):
    for step in (characters, substitutions, words, lemmas, keras_tokens, text_vectorization, pad):
        step(write, case)
