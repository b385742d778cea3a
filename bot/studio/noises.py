"""Sounds of nature and machines, made of shaped noise and short events; each is 2 by samples."""

from __future__ import annotations

import numpy as np

from bot.studio.film import SOUND_RATE as RATE
from bot.studio.planes import Floats
from bot.studio.shapes import Rng


def seconds(count: int) -> Floats:
    """The time of each sample."""
    return np.arange(count, dtype=np.float32) / RATE


def band(rng: Rng, count: int, low: float, high: float, tilt: float = 0.0) -> Floats:
    """Noise between two frequencies in Hz, of standard deviation 1; `tilt` is its slope: -1 is pink."""
    frequency = np.fft.rfftfreq(count, 1 / RATE).astype(np.float32)
    shape = np.exp(-((low / np.maximum(frequency, 1)) ** 4)) * np.exp(-((frequency / high) ** 4))
    shape *= np.maximum(frequency, 20) ** (tilt / 2)
    spectrum = rng.standard_normal((2, frequency.size, 2), dtype=np.float32)
    waves = (spectrum[..., 0] + 1j * spectrum[..., 1]) * shape
    sound: Floats = np.fft.irfft(waves, count, axis=1).astype(np.float32)
    return sound / max(1e-9, float(sound.std()))


def drift(rng: Rng, count: int, period_s: float) -> Floats:
    """A slow wandering between 0 and 1."""
    knots: Floats = rng.random(int(count / RATE / period_s) + 3).astype(np.float32)
    at = np.arange(count, dtype=np.float32) / (RATE * period_s)
    index = at.astype(np.int32)
    part = at - index.astype(np.float32)
    part = part * part * (3 - 2 * part)
    between: Floats = knots[index] * (1 - part) + knots[index + 1] * part
    return between


def scattered(rng: Rng, sound: Floats, event: Floats, at: int, level: float) -> None:
    """Add one event to a sound, somewhere between left and right."""
    end = min(sound.shape[1], at + event.size)
    side = float(rng.uniform(0.15, 0.85))
    sound[0, at:end] += event[: end - at] * level * np.sqrt(1 - side)
    sound[1, at:end] += event[: end - at] * level * np.sqrt(side)


def moments(rng: Rng, count: int, per_second: float) -> list[int]:
    """Random samples at which events begin, about so many in a second."""
    return [int(at) for at in np.sort(rng.random(max(1, round(count / RATE * per_second)))) * count]


def tone(length_s: float, start_hz: float, end_hz: float, decay_s: float) -> Floats:
    """A sine that slides and dies away."""
    time = seconds(int(length_s * RATE))
    hz = start_hz + (end_hz - start_hz) * time / length_s
    wave: Floats = (
        np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-time / decay_s) * np.minimum(1, time / 0.002)
    )
    return wave


def rain(rng: Rng, count: int) -> Floats:
    sound = band(rng, count, 500, 9000, -0.9) * (0.8 + 0.2 * drift(rng, count, 1.3))
    for at in moments(rng, count, 34):
        pitch = float(rng.uniform(900, 3200))
        scattered(rng, sound, tone(0.03, pitch, pitch * 1.25, 0.008), at, float(rng.uniform(0.3, 2.4)))
    return sound


def sea(rng: Rng, count: int) -> Floats:
    time = seconds(count)
    swell = np.sin(np.pi * (time / 6.2 + float(rng.random()))) ** 2
    swell = (swell * (0.7 + 0.3 * drift(rng, count, 3.0))).astype(np.float32)
    hiss = band(rng, count, 700, 6500, -0.8) * swell**2.4 * 0.8
    sound: Floats = band(rng, count, 40, 700, -1.6) * (0.45 + 0.55 * swell) + hiss
    return sound


def stream(rng: Rng, count: int) -> Floats:
    sound = band(rng, count, 300, 3500, -1.0) * 0.35 * (0.7 + 0.3 * drift(rng, count, 0.4))
    for at in moments(rng, count, 55):
        pitch = float(rng.uniform(350, 1300))
        scattered(
            rng,
            sound,
            tone(0.07, pitch, pitch * float(rng.uniform(1.2, 1.9)), 0.02),
            at,
            float(rng.uniform(0.2, 1.2)),
        )
    return sound


def wind(rng: Rng, count: int) -> Floats:
    gusts = drift(rng, count, 1.7) * 0.6 + drift(rng, count, 0.6) * 0.4
    whistle = band(rng, count, 650, 1000) * gusts**3 * 0.45
    sound: Floats = band(rng, count, 90, 520, -0.8) * (0.25 + 0.9 * gusts) + whistle
    return sound


def crowd(rng: Rng, count: int) -> Floats:
    """Many voices at once: noise at the places of vowels, in the rhythm of syllables."""
    sound = band(rng, count, 150, 900, -1.2) * 0.3
    for low, high in ((230, 480), (320, 700), (450, 950), (600, 1250), (900, 1900), (1300, 2600)):
        syllables = np.clip(drift(rng, count, 0.13) * 1.9 - 0.7, 0, 1) * (0.3 + 0.7 * drift(rng, count, 1.1))
        sound += band(rng, count, low, high, -0.6) * syllables * (380 / low) ** 0.5
    return sound


def fire(rng: Rng, count: int) -> Floats:
    sound = band(rng, count, 50, 380, -1.0) * (0.25 + 0.3 * drift(rng, count, 0.25))
    for at in moments(rng, count, 16):
        crack = rng.standard_normal(420).astype(np.float32) * np.exp(-np.arange(420, dtype=np.float32) / 60)
        scattered(rng, sound, crack, at, float(rng.uniform(0.2, 1) ** 3 * 5))
    return sound


def engine(rng: Rng, count: int) -> Floats:
    turning = 2 * np.pi * np.cumsum(46 + 16 * drift(rng, count, 1.6)) / RATE
    beat = sum((np.sin(turning * part + part) / part**0.9 for part in range(1, 12)), np.zeros(count))
    rough = 1 + 0.25 * band(rng, count, 20, 60)
    sound: Floats = beat * rough + band(rng, count, 60, 900, -1.2) * 0.5
    return sound


def traffic(rng: Rng, count: int) -> Floats:
    sound = band(rng, count, 35, 320, -1.2) * (0.6 + 0.4 * drift(rng, count, 2.0))
    for at in moments(rng, count, 0.4):
        length = int(2.4 * RATE)
        passing = band(rng, length, 180, 1700, -1.0)[0] * np.hanning(length).astype(np.float32) ** 2
        scattered(rng, sound, passing, max(0, at - length // 2), float(rng.uniform(0.5, 1.1)))
    return sound


def train(rng: Rng, count: int) -> Floats:
    sound = band(rng, count, 40, 420, -1.3) * 0.6 + engine(rng, count) * 0.15
    for start in range(0, count, int(0.62 * RATE)):
        for delay, level in ((0.0, 2.2), (0.14, 1.6)):
            clack = band(rng, 2600, 180, 1500, -0.6)[0] * np.exp(-np.arange(2600, dtype=np.float32) / 500)
            scattered(rng, sound, clack, min(count - 1, start + int(delay * RATE)), level)
    return sound


def thunder(rng: Rng, count: int) -> Floats:
    sound = np.zeros((2, count), np.float32)
    at = int(0.7 * RATE)
    while at < count:
        length = int(3.2 * RATE)
        time = seconds(length)
        roll = np.exp(-time / 1.1) * (0.35 + 0.65 * drift(rng, length, 0.16)) * np.minimum(1, time / 0.02)
        scattered(rng, sound, band(rng, length, 24, 170, -1.4)[0] * roll, at, 3.0)
        at += int(rng.uniform(3.5, 6) * RATE)
    return sound


def hum(rng: Rng, count: int) -> Floats:
    time = seconds(count)
    base = float(rng.uniform(48, 58))
    waves = sum((np.sin(2 * np.pi * base * part * time) / part for part in (1, 2, 3, 5)), np.zeros(count))
    slow = 0.85 + 0.15 * drift(rng, count, 2.2)
    return (waves * slow * 0.6 + band(rng, count, 120, 900, -1.4) * 0.18).astype(np.float32)
