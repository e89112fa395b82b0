"""What train.py does to a tweet before the network sees it. features.yaml says the same to Thalweg, step by step.

The words of WordNet 3.0 are read from Debian's package wordnet-base; no NLTK download is needed.
"""
import re
from pathlib import Path

LENGTH = 121  # tokens the network takes
WORDNET = Path("/usr/share/wordnet")

EMOJI = re.compile("[\U0001F600-\U0001F64F\U0001F300-\U0001F5FF\U0001F680-\U0001F6FF\U0001F1E0-\U0001F1FF"
                   "\u2702-\u27B0\u24C2-\U0001F251]+")
URL = re.compile(r"https?://t.co/[A-Za-z0-9]+")
FILTERS = str.maketrans({c: " " for c in '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'})  # of the Keras 2 Tokenizer


class VerbLemmas:
    """WordNet's Morphy for verbs, as nltk.stem.WordNetLemmatizer(3.7).lemmatize(word, 'v') does it."""

    RULES = [("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")]

    def __init__(self, folder=WORDNET):
        if not (folder / "index.verb").exists():
            raise SystemExit(f"{folder / 'index.verb'} is missing; try: apt-get install wordnet-base")
        index = (folder / "index.verb").read_text().splitlines()
        self.known = {line.split(" ", 1)[0] for line in index if not line.startswith(" ")}
        exceptions = (folder / "verb.exc").read_text().splitlines()
        self.exceptions = {word: forms for word, *forms in map(str.split, exceptions)}
        self.cache = {}

    def __call__(self, word):
        if word not in self.cache:
            self.cache[word] = min(self.candidates(word), key=len, default=word)
        return self.cache[word]

    def candidates(self, word):
        if word in self.exceptions:
            return self.keep_known([word] + self.exceptions[word])
        forms = self.shorten([word])
        found = self.keep_known([word] + forms)
        while forms and not found:  # "bombeds": the rules apply until something is known or none fits
            forms = self.shorten(forms)
            found = self.keep_known(forms)
        return found

    def shorten(self, forms):
        return [f[:-len(old)] + new for f in forms for old, new in self.RULES if f.endswith(old)]

    def keep_known(self, forms):
        return [f for f in forms if f in self.known]


def clean(text):
    text = EMOJI.sub("", text)
    text = URL.sub("", text)
    text = re.sub(r"[^\w]", " ", text)
    text = re.sub(r"\d", "", text)
    return text.lower()


def lemmas(cleaned, lemma, stop_words):
    words = [lemma(word) for word in cleaned.split()]
    return " ".join(w for w in words if w not in stop_words and len(w) > 3)


def words(text):
    return [w for w in text.lower().translate(FILTERS).split(" ") if w]


def ids(text, vocabulary):
    return [vocabulary[w] for w in words(text) if w in vocabulary]


def pad(sequence, length=LENGTH):
    kept = sequence[-length:]
    return kept + [0] * (length - len(kept))


class Preprocess:
    """Text to padded ids; `vocabulary` maps a word to its id, from 1."""

    def __init__(self, vocabulary, stop_words):
        self.vocabulary, self.stop_words, self.lemma = vocabulary, set(stop_words), VerbLemmas()

    def __call__(self, text):
        return pad(ids(lemmas(clean(text), self.lemma, self.stop_words), self.vocabulary))
