#!/usr/bin/env python3
"""Invents card payments, a few of them fraud. Nothing here comes from a real payment.

    python payments.py 1000 > sample.jsonl
"""
import json
import math
import random
import sys

MCC = {"5411": 0.0, "5812": 0.0, "5541": 0.1, "5311": 0.2, "5651": 0.2, "4111": -0.3, "7011": 0.3, "4722": 0.6, "5732": 0.9, "5944": 1.3,
       "7995": 1.2, "6051": 1.8}  # kind of merchant -> how it moves the risk
COUNTRIES = {"DE": -0.2, "FR": -0.2, "NL": -0.2, "AT": -0.3, "CH": -0.2, "IT": 0.0, "ES": 0.0, "PL": 0.0, "CZ": 0.0, "DK": -0.2, "SE": -0.2, "BE": 0.0,
             "PT": 0.0, "IE": 0.0, "GB": 0.2, "US": 0.5, "TR": 0.3, "BR": 0.6, "SG": 0.4, "AE": 0.6}
CHANNELS = {"chip": -1.0, "contactless": -0.7, "atm": 0.3, "online": 0.8}
MERCHANTS = [f"m-{number:04d}" for number in range(400)]
LEAKED = set(MERCHANTS[17::80])  # shops whose customers' cards were copied


def pick(rng, risks, skew):
    """The safer is the more frequent."""
    return rng.choices(list(risks), [math.exp(-skew * risk) for risk in risks.values()])[0]


def payment(rng):
    """(payment, 1 if fraud)"""
    mcc, channel = pick(rng, MCC, 1.2), pick(rng, CHANNELS, 0.4)
    country = "DE" if rng.random() < 0.5 else pick(rng, COUNTRIES, 1.0)
    hour = min(23, max(0, round(rng.gauss(14, 5))))
    amount = round(math.exp(rng.gauss(3.2, 1.1)), 2)
    minutes = int(rng.expovariate(1 / 900)) if rng.random() > 0.05 else rng.randrange(3)
    age = int(rng.expovariate(1 / 700))
    merchant = rng.choice(MERCHANTS)
    risk = (-2.9 + MCC[mcc] + COUNTRIES[country] + CHANNELS[channel] + 0.8 * (math.log1p(amount) - 3.2) + 1.4 * (hour < 6) +
            1.8 * (minutes < 5) + 1.2 * (age < 30) + 1.5 * (merchant in LEAKED) + 1.0 * (channel == "online" and amount > 300))
    fraud = rng.random() < 1 / (1 + math.exp(-3 * risk))
    return {"card": f"c-{rng.randrange(10**6):06d}", "amount": amount, "hour": hour, "country": country, "channel": channel,
            "merchant": {"id": merchant, "mcc": mcc}, "minutes_since_last": minutes, "card_age_days": age}, int(fraud)


def payments(count, seed):
    rng = random.Random(seed)
    return [payment(rng) for _ in range(count)]


def sample(count, seed):
    """Payments as they arrive: some with kinds and countries never seen in training, refunds, and card checks of 0.00."""
    rng = random.Random(seed)
    for _ in range(count):
        one, _ = payment(rng)
        odd = rng.random()
        if odd < 0.01:
            one["merchant"]["mcc"] = rng.choice(["0742", "9999", ""])
        elif odd < 0.02:
            one["country"] = rng.choice(["JP", "ZA", "??"])
        elif odd < 0.03:
            one["amount"] = -one["amount"]
        elif odd < 0.035:
            one["amount"] = 0.0
        elif odd < 0.04:
            del one["merchant"]["mcc"]
        elif odd < 0.045:
            one["merchant"]["id"] = "café-zürich-日本"
        yield one


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for one in sample(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, seed=2):
        print(json.dumps(one, ensure_ascii=False, separators=(",", ":")))
