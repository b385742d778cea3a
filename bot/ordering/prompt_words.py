"""English words that tell what a prompt speaks of, and whether it is English at all.

Where it is not, nobody looks for English words in it: no advice is better than a wrong one.
"""

from collections.abc import Iterable
from itertools import islice


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENGLISH = _listed(
    """a the and of with over through from into onto his her its their is are as at by to on while for then
    that this under up down across behind toward towards after before"""
)
_TELLING = _listed("the and of with through from into his their while across behind")
"""Words that no other language with our letters has among its smallest."""

_OTHERS = _listed(
    """der die das den dem des und ein eine einen einem einer mit auf im am vom zum über durch ist nicht
    le la les un une et avec dans sur du au aux est qui
    el los las y con por una uno del en es que
    il lo gli di che della nel sul
    o os um uma com e da na ao pela pelo
    de het een op van voor naar
    og och på med av ett en det som til för
    w z na się jest przez pod nad ze"""
)
_LOOKED_AT = 400
"""Words that are enough to know a language by."""

SOUND = _listed(
    """sound sounds soundscape soundtrack audio hear heard hears audible ambience ambient music musical song
    songs melody orchestra orchestral piano guitar violin drums drumming chords lullaby choir silence silent
    silently noise noises noisy roar roars roaring hum hums humming buzz buzzing buzzes chirp chirps chirping
    bark barks barking birdsong whisper whispers whispering whispered voice voices voiceover speak speaks
    speaking speech says say said sing sings singing shout shouts shouting laugh laughs laughing laughter
    crackle crackles crackling rustle rustles rustling thunder thunders rumble rumbles rumbling hiss hisses
    hissing crunch crunches crunching clatter clatters clattering applause echo echoes echoing footsteps
    footfalls siren sirens ringing rings chime chimes chiming loud loudly quiet quietly muffled murmur murmurs
    murmuring chatter chattering creak creaks creaking clink clinking clicks clicking squeal squeals howl
    howls howling whistle whistles whistling foghorn horn purr purrs purring growl growls patter pattering
    drip dripping tick ticks ticking thud thuds splashes sizzle sizzles sizzling narrator narration lipsync
    acoustic acoustics sfx asmr"""
)
MUSIC = _listed(
    """music musical song songs melody soundtrack score orchestra orchestral piano guitar violin drums
    drumming chords lullaby choir sings singing synth beat jazz"""
)
VOICE = _listed(
    """voice voices voiced tone whisper whispers whispering whispered softly quietly loudly calmly cheerfully
    sadly angrily shouts shouting shouted shout yells murmurs murmuring mutters muttering hoarse
    hoarsely excited excitedly tired emotional emotionally lipsync mic'd accent sings singing laughing crying
    sobbing intelligible gravelly warmly flatly nervously gently"""
)
SPEAKING = _listed("says say said speaks shouts yells whispers asks answers replies murmurs calls")
ENDING = _listed(
    """end ends ending ended finally finale until final finish finishes finishing fade fades fading closes
    closing lastly stops vanishes disappears resolves concludes last"""
)
CAMERA = _listed(
    """camera shot shots cam closeup closeups wide angle lens framing frame framed pov tracking dolly
    dollies pan pans panning tilt tilts zoom zooms handheld drone aerial overhead establishing macro telephoto
    fisheye steadicam crane orbit orbits orbiting locked static timelapse push pushes pulls
    viewpoint selfie bodycam depth"""
)
MOTION = _listed(
    """move moves moving motion movement walk run turn push pull rise fall drop fly flow float drift sway
    swing spin rotate roll slide glide jump leap climb crawl dance wave blink breathe smile laugh nod
    shake tremble flicker flutter ripple rustle blow pour drip splash burn melt grow bloom open close
    lift lower reach grab throw catch kick ride drive race chase swim dive sink settle scatter spread
    burst explode crumble collapse zoom pan tilt dolly orbit track follow approach leave enter exit pass
    cross bounce hop stretch twist bend curl unfold unfurl swirl circle hover pulse glow fade brighten
    darken change transform morph begin start stop stand sit kneel lean look glance speak talk sing
    whisper eat drink play stir pick"""
)


def is_english(words: Iterable[str]) -> bool:
    """Whether the small words are English ones; a few words without any are not known to be."""
    looked_at = set(islice(words, _LOOKED_AT))  # each once: `a` alone is a word of half of Europe
    english = len(looked_at & _ENGLISH)
    others = sum(word in _OTHERS or not word.isascii() for word in looked_at)
    return english > 2 * others and (english > 1 or not looked_at.isdisjoint(_TELLING))


def any_of(words: Iterable[str], listed: frozenset[str]) -> bool:
    """Whether one of the words stands in a list just so."""
    return any(word in listed for word in words)


def any_form_of(words: Iterable[str], listed: frozenset[str]) -> bool:
    """Whether one of the words is a listed verb in any of its regular forms: `sways`, `swaying`, `swayed`."""
    return any(stem in listed for word in words for stem in _stems(word))


def _stems(word: str) -> Iterable[str]:
    yield word
    for ending in ("s", "es", "ed", "ing"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            yield stem
            yield f"{stem}e"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
