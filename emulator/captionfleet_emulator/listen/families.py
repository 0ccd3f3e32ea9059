"""The classes of AudioSet in families, so that near-duplicates are told as one sound.

The class map follows the ontology's order, in which a class stands after its parent: a family is a run of classes and
is written as its first one. Several runs may have one family.
"""

import functools
from dataclasses import dataclass
from enum import StrEnum

from captionfleet_emulator.listen.tagger import class_names


class Kind(StrEnum):
    """What a caption does with a class."""

    SPEECH = "speech"
    MUSIC = "music"
    SINGING = "singing"
    INSTRUMENT = "instrument"
    EVENT = "event"
    IGNORED = "ignored"
    """Genres and moods, rooms, silence: said otherwise, or not trusted."""


@dataclass(frozen=True, slots=True)
class Family:
    """Classes that mean about the same. `parent` is what may be said when none of them is sure; empty says nothing."""

    parent: str
    kind: Kind = Kind.EVENT


_SPEECH = Family("", Kind.SPEECH)
_SINGING = Family("singing", Kind.SINGING)
_IGNORED = Family("", Kind.IGNORED)
_SHOUTS = Family("shouting")
_ANIMAL = Family("an animal")
_FARM = Family("a farm animal")
_BELL = Family("a bell", Kind.INSTRUMENT)
_WATER = Family("water")
_ROAD = Family("a vehicle")
_SIREN = Family("a siren")
_ALARM = Family("an alarm")
_ENGINE = Family("an engine")
_HOME = Family("a household sound")
_TOOL = Family("a tool")
_IMPACT = Family("an impact")
_SURFACE = Family("something being handled")
_BEEP = Family("a beep")
_NOISE = Family("noise")

FAMILIES: dict[str, Family] = {
    "Speech": _SPEECH,
    "Shout": _SHOUTS,
    "Laughter": Family("laughter"),
    "Crying, sobbing": Family("crying"),
    "Singing": _SINGING,
    "Groan": Family("a groan"),
    "Whistling": Family("whistling"),
    "Breathing": Family("breathing"),
    "Run": Family("footsteps"),
    "Chewing, mastication": Family("eating"),
    "Gargling": Family("a sound of the body"),
    "Hands": Family("hands"),
    "Heart sounds, heartbeat": Family("a heartbeat"),
    "Cheering": Family("a crowd"),
    "Animal": _ANIMAL,
    "Dog": Family("a dog"),
    "Cat": Family("a cat"),
    "Livestock, farm animals, working animals": _FARM,
    "Horse": Family("a horse"),
    "Cattle, bovinae": Family("cattle"),
    "Pig": _FARM,
    "Goat": Family("a goat or sheep"),
    "Fowl": Family("fowl"),
    "Wild animals": _ANIMAL,
    "Bird": Family("a bird"),
    "Canidae, dogs, wolves": _ANIMAL,
    "Insect": Family("an insect"),
    "Frog": Family("a frog"),
    "Snake": _ANIMAL,
    "Music": Family("", Kind.MUSIC),
    "Musical instrument": Family("", Kind.INSTRUMENT),
    "Plucked string instrument": Family("a plucked string instrument", Kind.INSTRUMENT),
    "Keyboard (musical)": Family("a keyboard instrument", Kind.INSTRUMENT),
    "Percussion": Family("percussion", Kind.INSTRUMENT),
    "Mallet percussion": Family("mallet percussion", Kind.INSTRUMENT),
    "Orchestra": Family("an orchestra", Kind.INSTRUMENT),
    "Brass instrument": Family("a brass instrument", Kind.INSTRUMENT),
    "Bowed string instrument": Family("a bowed string instrument", Kind.INSTRUMENT),
    "Wind instrument, woodwind instrument": Family("a wind instrument", Kind.INSTRUMENT),
    "Harp": Family("a harp", Kind.INSTRUMENT),
    "Bell": _BELL,
    "Harmonica": Family("a reed instrument", Kind.INSTRUMENT),
    "Didgeridoo": Family("an instrument", Kind.INSTRUMENT),
    "Singing bowl": _BELL,
    "Scratching (performance technique)": _IGNORED,
    "Wind": Family("wind"),
    "Thunderstorm": Family("thunder"),
    "Water": _WATER,
    "Fire": Family("fire"),
    "Vehicle": _ROAD,
    "Boat, Water vehicle": Family("a boat"),
    "Motor vehicle (road)": _ROAD,
    "Emergency vehicle": _SIREN,
    "Motorcycle": _ROAD,
    "Rail transport": Family("a train"),
    "Aircraft": Family("an aircraft"),
    "Bicycle": Family("wheels"),
    "Engine": _ENGINE,
    "Door": Family("a door"),
    "Doorbell": _BELL,
    "Sliding door": Family("a door"),
    "Knock": Family("knocking"),
    "Squeak": _SURFACE,
    "Cupboard open or close": _HOME,
    "Water tap, faucet": _WATER,
    "Hair dryer": _HOME,
    "Toilet flush": _WATER,
    "Toothbrush": _HOME,
    "Zipper (clothing)": _SURFACE,
    "Typing": Family("typing"),
    "Writing": _SURFACE,
    "Alarm": _ALARM,
    "Telephone": Family("a telephone"),
    "Alarm clock": _ALARM,
    "Siren": _SIREN,
    "Buzzer": _ALARM,
    "Whistle": Family("a whistle"),
    "Mechanisms": Family("a mechanism"),
    "Clock": Family("a clock"),
    "Gears": Family("a mechanism"),
    "Mechanical fan": Family("a fan"),
    "Cash register": Family("a mechanism"),
    "Tools": _TOOL,
    "Explosion": Family("an explosion"),
    "Fireworks": Family("fireworks"),
    "Burst, pop": Family("a burst"),
    "Wood": _IMPACT,
    "Glass": Family("glass"),
    "Liquid": _WATER,
    "Sonar": _BEEP,
    "Arrow": Family("a whoosh"),
    "Thump, thud": _IMPACT,
    "Electronic tuner": _IGNORED,
    "Basketball bounce": _IMPACT,
    "Whip": _SURFACE,
    "Beep, bleep": _BEEP,
    "Clang": _IMPACT,
    "Squeal": _SURFACE,
    "Whir": Family("a mechanism"),
    "Clatter": _IMPACT,
    "Sizzle": _SURFACE,
    "Clicking": Family("clicking"),
    "Rumble": Family("a rumble"),
    "Plop": _WATER,
    "Jingle, tinkle": _BELL,
    "Hum": Family("a hum"),
    "Zing": _IMPACT,
    "Silence": _IGNORED,
    "Sine wave": _BEEP,
    "Sound effect": _IGNORED,
    "Noise": _NOISE,
    "Television": _IGNORED,
}

IGNORED_FROM, IGNORED_TO = "Pop music", "Scary music"
"""Genres and moods stand between these."""

HEADINGS = frozenset(
    {
        "Animal",
        "Domestic animals, pets",
        "Livestock, farm animals, working animals",
        "Wild animals",
        "Musical instrument",
        "Plucked string instrument",
        "Keyboard (musical)",
        "Percussion",
        "Drum",
        "Mallet percussion",
        "Brass instrument",
        "Bowed string instrument",
        "Wind instrument, woodwind instrument",
        "Vehicle",
        "Motor vehicle (road)",
        "Emergency vehicle",
        "Liquid",
        "Tools",
        "Power tool",
        "Mechanisms",
        "Hands",
        "Noise",
        "Environmental noise",
    }
)
"""Classes that only gather others: they are said when none of those is sure."""


@functools.cache
def family_of(name: str) -> Family:
    """The family that a class is in."""
    names = class_names()
    at = names.index(name)
    if names.index(IGNORED_FROM) <= at <= names.index(IGNORED_TO):
        return _IGNORED
    return FAMILIES[next(before for before in reversed(names[: at + 1]) if before in FAMILIES)]
