"""Sounds with a pitch or a beat: animals, bells, steps, and a chord for music."""

from __future__ import annotations

import numpy as np

from bot.studio.film import SOUND_RATE as RATE
from bot.studio.noises import band, moments, scattered, seconds, tone
from bot.studio.planes import Floats
from bot.studio.shapes import Rng

# Four chords in semitones above the key, bright and sad.
_MAJOR = ((0, 4, 7, 14), (-3, 0, 4, 12), (5, 9, 12, 16), (-5, -1, 2, 11))
_MINOR = ((0, 3, 7, 14), (-4, 0, 3, 12), (-7, -4, 0, 8), (-2, 2, 5, 10))


def birds(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    for at in moments(rng, count, 1.5):
        pitch, start = float(rng.uniform(2300, 4600)), at
        for _ in range(int(rng.integers(2, 6))):
            length = float(rng.uniform(0.05, 0.12))
            chirp = tone(length, pitch, pitch * float(rng.uniform(0.75, 1.35)), length * 0.6)
            scattered(rng, sound, chirp, min(count - 1, start), float(rng.uniform(0.4, 1)))
            start += int((length + 0.04) * RATE)
    return sound + band(rng, count, 200, 1500, -1.0) * 0.03


def gulls(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    for at in moments(rng, count, 0.5):
        start, pitch = at, float(rng.uniform(1250, 1700))
        for number in range(int(rng.integers(2, 5))):
            time = seconds(int(0.26 * RATE))
            slide = pitch * (1 - 0.38 * (time / 0.26) ** 1.5) * (1 - 0.05 * number)
            phase = 2 * np.pi * np.cumsum(slide) / RATE
            cry = (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)) * np.sin(
                np.pi * time / 0.26
            ) ** 0.7
            scattered(rng, sound, cry.astype(np.float32), min(count - 1, start), 0.6 - 0.08 * number)
            start += int(0.34 * RATE)
    return sound


def crickets(rng: Rng, count: int) -> Floats:
    time = seconds(count)
    sound = np.zeros((2, count), np.float32)
    for pitch, rate, offset, side in ((4300, 2.3, 0.0, 0.2), (4700, 1.9, 0.4, 0.8), (3900, 2.7, 0.7, 0.5)):
        gate = np.clip(np.sin(2 * np.pi * (rate * time + offset + float(rng.random()))) * 3, 0, 1)
        pulses = np.clip(np.sin(2 * np.pi * 31 * time), 0, 1)
        voice = (np.sin(2 * np.pi * pitch * time) * gate * pulses).astype(np.float32)
        sound += np.array([[1 - side], [side]], dtype=np.float32) * voice
    return sound


def steps(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    for start in range(int(0.2 * RATE), count, int(0.54 * RATE)):
        thump = tone(0.09, 130, 62, 0.03) * 1.6
        scuff = band(rng, 2400, 500, 4200, -0.6)[0] * np.exp(-np.arange(2400, dtype=np.float32) / 420) * 0.22
        level = float(rng.uniform(0.8, 1))
        scattered(rng, sound, thump, start, level)
        scattered(rng, sound, scuff, min(count - 1, start + 500), level)
    return sound


def clicks(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    for number, start in enumerate(range(int(0.1 * RATE), count, RATE // 2)):
        pitch = 2300 if number % 2 else 1750
        scattered(rng, sound, tone(0.03, pitch, pitch * 0.8, 0.004), start, 1.0)
    return sound


def bell(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    base = float(rng.uniform(380, 560))
    time = seconds(int(3.5 * RATE))
    ring = np.zeros(time.size, np.float32)
    for ratio, level, decay in (
        (0.5, 0.5, 1.6),
        (1.0, 1.0, 1.2),
        (1.19, 0.5, 0.8),
        (1.56, 0.4, 0.7),
        (2.0, 0.6, 0.5),
        (2.66, 0.3, 0.3),
    ):
        ring += (np.sin(2 * np.pi * base * ratio * time) * np.exp(-time / decay) * level).astype(np.float32)
    ring *= np.minimum(1, time / 0.003)
    for start in range(int(0.5 * RATE), count, int(2.6 * RATE)):
        scattered(rng, sound, ring, start, 0.5)
    return sound


def foghorn(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    time = seconds(int(2.2 * RATE))
    base = float(rng.uniform(96, 118))
    blow = sum(
        (np.sin(2 * np.pi * base * part * time + part) / part**1.2 for part in range(1, 9)),
        np.zeros(time.size),
    )
    shape = np.minimum(1, time / 0.25) * np.clip((2.2 - time) / 0.7, 0, 1) ** 1.5
    for start in range(int(0.8 * RATE), count, int(6 * RATE)):
        scattered(rng, sound, (blow * shape).astype(np.float32), start, 0.6)
    return sound


def music(rng: Rng, count: int, *, sad: bool, lively: bool) -> Floats:
    """Slow chords that swell one into the other; lively music plucks them note by note as well."""
    key = 110 * 2 ** (int(rng.integers(0, 10)) / 12)
    chord_s = 1.9 if lively else 3.0
    chords = _MINOR if sad else _MAJOR
    sound = np.zeros((2, count), np.float32)
    length = int((chord_s + 1.2) * RATE)
    time = seconds(length)
    swell = np.minimum(1, time / 0.5) * np.clip((chord_s + 1.2 - time) / 1.2, 0, 1)
    for number, start in enumerate(range(0, count, int(chord_s * RATE))):
        chord = chords[number % 4]
        for note in (chord[0] - 12, *chord):
            pitch = key * 2 ** (note / 12)
            voice = np.zeros(length, np.float32)
            for part in range(1, 6):
                for beat in (0.998, 1.0025):
                    voice += (
                        np.sin(2 * np.pi * pitch * part * beat * time + part).astype(np.float32) / part**1.9
                    )
            scattered(rng, sound, (voice * swell).astype(np.float32), start, 0.22)
        if lively:
            for beat in range(8):
                pitch = key * 2 ** (2 + chord[(beat * 3) % 4] / 12)
                at = start + int(beat * chord_s / 8 * RATE)
                if at < count:
                    scattered(rng, sound, tone(0.5, pitch, pitch, 0.14), at, 0.5)
    return sound
