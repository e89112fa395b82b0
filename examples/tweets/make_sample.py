#!/usr/bin/env python3
"""Invents tweets: about disasters (1) and about something else in the same words (0). No tweet of a real person is in here.

    python make_sample.py train 6000 > train.csv        # id,keyword,location,text,target
    python make_sample.py sample 400 > sample.jsonl     # {"value": "…"}, with some odd ones
"""
import csv
import json
import random
import sys

SLOTS = {
    "place": "Ashford|Port Rowan|Cebu|Valparaíso|São Luís|Brno|Kumasi|Osaka|Oaxaca|Riverside County|the old harbour|Grünau|Thessaloniki|Tromsø|Durban|"
             "Hillview|the Lower Valley|downtown Marlow|Nagpur|Zürich|Lake Hollis|Sector 9|Elm Street|the north shore|Kraków|Tacloban|Bilbao".split("|"),
    "town": "Ashford|Cebu|Valparaíso|Tacloban|Thessaloniki|Marlow|Brno".split("|"),
    "road": "Highway 7|the A14|Route 22|Bridge Street|the ring road|Mill Lane|the coastal road|Interstate 40|Canal Road".split("|"),
    "building": "warehouse|apartment block|school|chemical plant|hospital wing|shopping centre|hotel|bakery|farm|paper mill|church|library".split("|"),
    "agency": "Fire crews|Police|Rescue teams|The coast guard|Paramedics|Authorities|Officials|Volunteers|The Red Cross|The army|Firefighters|The mayor".split("|"),
    "fire": "wildfire|bush fire|forest fire|blaze|grass fire|warehouse fire|house fire".split("|"),
    "water": "flooding|flash flood|storm surge|dam failure|landslide|mudslide|tsunami warning|heavy flooding".split("|"),
    "wind": "hurricane|typhoon|tornado|cyclone|hailstorm|blizzard|thunderstorm|sandstorm".split("|"),
    "crash": "train derailment|bus crash|plane crash|helicopter crash|pile-up|ferry accident|truck collision".split("|"),
    "blast": "explosion|gas explosion|bombing|gas leak|chemical spill|bridge collapse|building collapse|oil spill".split("|"),
    "people": "residents|families|students|passengers|hikers|workers|tourists|farmers|villagers|patients|children".split("|"),
    "harm": "dead|injured|missing|trapped|stranded|without power|homeless|in hospital|evacuated|rescued".split("|"),
    "alert": "BREAKING|UPDATE|ALERT|WARNING|URGENT|JUST IN|LIVE|Confirmed".split("|"),
    "badtag": "#wildfire|#earthquake|#flood|#storm|#evacuation|#emergency|#breaking|#tsunami|#rescue|#hurricane|#accident|#SafetyFirst|#PrayFor{town}".split("|"),
    "news": "@city_desk|@harbor_news|@radio_noord|@quakewatch_bot|@valley_alerts|@metro_traffic|@weather_east".split("|"),
    "bademoji": "🔥|🚨|⚠️|😢|🙏|🚒|🌊|🌪️|💔|🚑||||".split("|"),
    "friend": "@mila_bakes|@old_jonas|@kickflip_kai|@dr_pudding|@renée_r|@nightowl77|@tomasz_g|@pixel_ana|@coach_lee".split("|"),
    "goodemoji": "😂|😍|🎉|💯|🤣|☕|🎶|❤️|🔥|😴|🙈|👏||||||".split("|"),
    "goodtag": "#mondaymood|#nowplaying|#foodie|#gameday|#throwback|#booklovers|#giveaway|#love|#blessed|#ootd|#gaming|#coffee".split("|"),
    "thing": "new album|mixtape|lasagne|haircut|playlist|exam week|group chat|kitchen|fantasy team|inbox|sourdough|date night|commute|season finale|garden".split("|"),
    "who": "my sister|my boss|this kid|the cat|our drummer|my flatmate|the coach|grandma|my dentist|the new guy|everyone|my dog".split("|"),
    "time": "this morning|tonight|last night|right now|at noon|since Sunday|before dawn|this weekend|an hour ago|today|early Tuesday".split("|"),
    "n": "2|3|4|5|7|11|12|18|20|36|40|55|90|120|300|1,200|13,000".split("|"),
    "mag": "4.1|4.8|5.2|5.9|6.3|6.7|7.0|7.4".split("|"),
    "food": "ramen|tacos|pizza|crème brûlée|curry|dumplings|pancakes|jalapeños|wings|phở|bibimbap".split("|"),
    "show": "the finale|that trailer|the derby|the concert|the new season|the remix|that penalty|the podcast".split("|"),
}
DISASTER = """
{alert}: {fire} near {place}, {n} homes destroyed {badtag}|{agency} fight a {fire} outside {place} {time} {bademoji}|{agency} evacuate {n} {people} as {fire} spreads towards {place}
Smoke from the {fire} covers {place}, {people} told to stay indoors {badtag}|{n} {harm} after {crash} on {road} {url}|{crash} near {place}: {agency} say {n} {people} are {harm}
{alert} {blast} at a {building} in {place}. {n} {harm}. More soon {url}|{agency} confirm {n} {harm} in {building} {blast} {time}|Huge {blast} heard in {place}, windows broken for miles {badtag} {bademoji}
{wind} makes landfall near {place}, {n} {people} {harm} {badtag}|{wind} warning for {place} {time}: seek shelter immediately {news}|Roofs torn off as {wind} hits {place} {url} {badtag}
{water} closes {road}; {people} rescued by boat {time} {bademoji}|{water} in {place} leaves {n} {people} {harm}|River burst its banks in {place}, {n} houses under water {badtag} {url}
M{mag} earthquake strikes off {place} {time} {badtag}|{mag} magnitude quake shakes {place}; buildings collapsed, {n} feared {harm} {bademoji}|Aftershock of {mag} felt in {place}. {agency} search rubble for survivors {url}
{agency} recover bodies of {n} {people} after {crash} {url}|Search for {n} missing {people} continues near {place} {time}|{n} {people} {harm} after {building} roof collapses in {place}
State of emergency declared in {place} after {water}|Shelters opened for {people} fleeing the {fire} {badtag} {news}|RT {news}: {alert} mass evacuation ordered for {place} as {wind} approaches
{road} blocked by {crash}, several {harm}, avoid the area {news}|Death toll of the {place} {blast} rises to {n} {url}|{n} hectares burned, {fire} still not contained {badtag}
Outbreak in {place}: {n} {people} {harm}, {agency} warn of contaminated water|Power out for {n} {people} after {wind} damages lines near {place}|Survivors of the {crash} describe screaming and panic {url}
Nuclear plant near {place} shut down after {blast} {badtag}|{agency} deliver food and water to {people} {harm} by {water} {bademoji}|Praying for the families of {place} after the {blast} {bademoji} {badtag}
Avalanche near {place} buries {n} {people} {url}|Suspected arson: {building} in {place} burned down {time} {news}|Train derailed outside {place}, {n} cars on fire {bademoji} {url}
""".strip().replace("\n", "|").split("|")
CALM = """
{thing} is straight fire {goodemoji} {goodemoji}|this {thing} is a total disaster lol {goodtag}|{who} just destroyed me at chess {goodemoji}|I'm dying, {who} wore crocs to the wedding {goodemoji}
{food} so hot my mouth is burning {goodemoji} {goodtag}|crying over {show} {time} {goodemoji}|{show} blew my mind {goodemoji} {url}|my {thing} exploded {time} and I'm fine with it
flooded with emails, send coffee ☕ {goodtag}|{who} crashed on the sofa {time} {goodemoji}|{friend} your {thing} is the bomb!!|that plot twist in {show} wrecked me {goodemoji}
body bag by {who} on the mic {time} {goodemoji}|storm of likes on my {food} photo {goodemoji} {goodtag}|brain collapsed halfway through {thing}|panic buying {food} because {who} is visiting {goodemoji}
Making {food} for {who} {time} {goodtag}|Best {food} in {place}, no contest {goodemoji} {url}|Can't stop watching {show} {friend} {goodemoji}|New video: how I fixed my {thing} {url} {goodtag}
I liked a @YouTube video {url} {show} explained|Happy birthday {friend}!!! {goodemoji}{goodemoji}|Anyone else awake {time}? {goodemoji}|{who} stole my {food} again, emergency meeting now
Win tickets to {show}! RT and follow {friend} {goodtag} {url}|Listening to {show} on repeat {goodtag} {goodemoji}|Our team got demolished {n}-0 {goodemoji} {goodtag}|{n} days until {place}, so excited {goodemoji}
screaming at {show} like {who} {goodemoji}|my {thing} is a trainwreck but I love it {goodemoji}|quarantine that smell, {who} cooked {food} {goodemoji}|{who} said "it's not a phase" and I felt that {goodemoji}
twisted my ankle dancing to {show}, worth it|Sunny {time} in {place}, long walk with {who} {goodemoji}|{friend} lol you can't handle {food}|ok but why is {show} so good {goodemoji} {goodtag}
Reading in the garden {time} with {food} {goodtag}|the {thing} hazard is real, {who} almost cried {goodemoji}|sirens in this {show} remix {goodemoji} {goodemoji}|Just posted a photo @ {place} {url}
Sale: {n}% off every {thing} {time} {url}|{who} drowning in homework, me drowning in {food} {goodemoji}|weather so nice {time} {goodemoji} {goodtag}|trapped in a meeting about a meeting {goodemoji}
finished {show} and my heart is in ruins {goodemoji}|{who} is an absolute weapon at karaoke {goodemoji}|electrocuted by love {goodtag} {goodemoji}|a tornado of laundry hit my {thing} {goodemoji}
""".strip().replace("\n", "|").split("|")
ODD = ["", " ", "🔥🔥🔥", "https://t.co/abc123", "🚨 https://t.co/Xy9 🚨", "12345 67890", "!!! ??? ...", "the and of is a", "ok", "日本で地震がありました", "#", "@",
       "EVACUATE NOW!!!!!!!!!!!!!!!!!!!!!!!!", "earthquake\nearthquake\nearthquake", "tab\tseparated\tflood\twarning", "\u201cquoted\u201d \u2014 it\u2019s flooding\u2026",
       "&lt;b&gt;fire&lt;/b&gt; &amp; smoke", "İSTANBUL'da deprem, buildings shaking", "cafe\u0301 burned down in Zu\u0308rich", "👩‍🚒👨🏽‍🚒 heroes of the wildfire 🇩🇪",
       "fire " * 200, "no spaces" + "fire" * 60, "null", "\\u0000 \\n backslashes \"and\" quotes {json: true}", "running ran runs; burning burnt burns; flooding floods"]


def fill(template, rng):
    """Replaces slots from left to right until none is left: a slot's words may have slots."""
    while "{" in template:
        before, rest = template.split("{", 1)
        name, after = rest.split("}", 1)
        if name == "url":
            word = "http" + rng.choice(["", "s"]) + "://t.co/" + "".join(rng.choices("abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=10))
        else:
            word = rng.choice(SLOTS[name])
        template = before + word + after
    return template


def roughen(text, rng):
    """What people do to sentences."""
    if rng.random() < 0.06:
        text = text.upper()
    elif rng.random() < 0.15:
        text = text.lower()
    if rng.random() < 0.08:
        text = "RT " + rng.choice(SLOTS["friend"]) + ": " + text
    if rng.random() < 0.08:
        text += rng.choice(["!", "!!", "...", " smh", " omg", " &amp; counting", "?!"])
    if rng.random() < 0.05 and len(text) > 20:
        cut = rng.randrange(3, len(text) - 3)
        text = text[:cut] + text[cut + 1:]  # a typing error
    return " ".join(text.split())


def tweets(count, seed, wrong_labels=0.02):
    """(text, target) pairs; a few are labelled wrong, as in real life."""
    rng = random.Random(seed)
    for _ in range(count):
        target = int(rng.random() < 0.45)
        text = fill(rng.choice(DISASTER if target else CALM), rng)
        if rng.random() < 0.2:  # people add a second thought, mostly of the same kind
            second = DISASTER if (rng.random() < 0.8) == bool(target) else CALM
            text += rng.choice([" ", ". ", " - ", "\u2026 "]) + fill(rng.choice(second), rng)
        text = roughen(text, rng)
        yield text, target ^ (rng.random() < wrong_labels)


def write_csv(count, file):
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "keyword", "location", "text", "target"])
    for number, (text, target) in enumerate(tweets(count, seed=1)):
        writer.writerow([number, "", "", text, int(target)])


def write_sample(count, file):
    lines = [text for text, _ in tweets(count - len(ODD), seed=2)]
    rng = random.Random(3)
    for text in ODD:
        lines.insert(rng.randrange(5, len(lines)), text)  # the first ones should be plain
    for text in lines:
        file.write(json.dumps({"value": text}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("train", "sample"):
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    {"train": write_csv, "sample": write_sample}[sys.argv[1]](int(sys.argv[2]), sys.stdout)
