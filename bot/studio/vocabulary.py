"""The words that the studio understands, and what each of them stands for."""

from __future__ import annotations

from enum import StrEnum


class Place(StrEnum):
    SEA = "sea"
    LAKE = "lake"
    PUDDLE = "puddle"
    FOREST = "forest"
    CITY = "city"
    DESERT = "desert"
    MOUNTAINS = "mountains"
    FIELD = "field"
    ICE = "ice"
    SPACE = "space"
    ROOM = "room"
    SKY = "sky"
    UNDERWATER = "underwater"


class Hour(StrEnum):
    DAY = "day"
    DAWN = "dawn"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    RAIN = "rain"
    SNOW = "snow"
    FOG = "fog"
    STORM = "storm"
    CLEAR = "clear"


class Style(StrEnum):
    NEON = "neon"
    NOIR = "noir"
    SEPIA = "sepia"
    PASTEL = "pastel"


class Move(StrEnum):
    """A camera move; its value is what the slate says."""

    DOLLY_IN = "dolly in"
    DOLLY_OUT = "dolly out"
    PAN_LEFT = "pan left"
    PAN_RIGHT = "pan right"
    TRACKING = "tracking"
    TILT_UP = "tilt up"
    TILT_DOWN = "tilt down"
    CRANE = "crane up"
    HANDHELD = "handheld"
    STATIC = "locked off"
    DRIFT = "slow drift"


class Framing(StrEnum):
    WIDE = "wide"
    MEDIUM = "medium"
    CLOSE = "close-up"


class Angle(StrEnum):
    LOW = "low angle"
    HIGH = "high angle"


class Figure(StrEnum):
    PAPER_BOAT = "paper boat"
    BOAT = "boat"
    SHIP = "ship"
    ASTRONAUT = "astronaut"
    ROBOT = "robot"
    UMBRELLA = "umbrella"
    CROWD = "crowd"
    PERSON = "person"
    CHILD = "child"
    DOG = "dog"
    CAT = "cat"
    HORSE = "horse"
    BIRDS = "birds"
    FISH = "fish"
    WHALE = "whale"
    BUTTERFLY = "butterfly"
    CAR = "car"
    TRAIN = "train"
    BICYCLE = "bicycle"
    AIRPLANE = "airplane"
    ROCKET = "rocket"
    BALLOON = "hot-air balloon"
    TOY_BALLOON = "balloon"
    KITE = "kite"
    LIGHTHOUSE = "lighthouse"
    HOUSE = "house"
    TREE = "tree"
    FLOWER = "flower"
    FIRE = "fire"
    CANDLE = "candle"
    CUP = "cup"


class Sound(StrEnum):
    RAIN = "rain"
    THUNDER = "thunder"
    SEA = "sea"
    STREAM = "stream"
    WIND = "wind"
    CROWD = "crowd"
    ENGINE = "engine"
    TRAIN = "train"
    TRAFFIC = "traffic"
    FIRE = "fire"
    BIRDS = "birds"
    GULLS = "gulls"
    CRICKETS = "crickets"
    STEPS = "steps"
    CLICKS = "clicks"
    BELL = "bell"
    FOGHORN = "foghorn"
    HUM = "hum"
    MUSIC = "music"


PLACES = {
    Place.PUDDLE: "puddle, gutter, wet pavement, wet asphalt",
    Place.UNDERWATER: "underwater, under water, coral, reef, seabed, deep sea, ocean floor, aquarium, scuba",
    Place.SPACE: (
        "space, outer space, galaxy, nebula, orbit, planet, asteroid, cosmos, lunar, mars, spaceship"
    ),
    Place.ICE: "arctic, antarctic, glacier, tundra, iceberg, ice field, frozen plain, ski slope",
    Place.SEA: (
        "sea, ocean, beach, harbor, harbour, dock, coast, shore, bay, waves, island, pier, seaside, surf"
    ),
    Place.LAKE: "lake, river, pond, lagoon, stream, creek, canal, fjord, waterfall",
    Place.DESERT: "desert, dune, sahara, canyon, mesa, wasteland, sand",
    Place.CITY: (
        "city, street, skyline, alley, downtown, rooftop, tokyo, new york, london, paris, berlin, "
        "shanghai, market, skyscraper, sidewalk, crosswalk, cyberpunk, metropolis, urban, traffic, "
        "boulevard, square, taxi, town"
    ),
    Place.ROOM: (
        "room, kitchen, bedroom, living room, office, cafe, café, bar, library, studio, indoors, interior, "
        "workshop, hallway, restaurant, classroom, desk, table, window sill, bookshop, attic, laboratory, "
        "theater, theatre"
    ),
    Place.FOREST: "forest, wood, woods, woodland, jungle, grove, pine, trees, rainforest, trail",
    Place.MOUNTAINS: "mountain, alps, cliff, peak, summit, valley, ridge, himalaya, highlands, volcano, hill",
    Place.FIELD: (
        "field, meadow, grass, farm, prairie, countryside, garden, park, savanna, vineyard, road, highway"
    ),
    Place.SKY: "sky, clouds, above the clouds, freefall, skydiver, flying over, stratosphere",
}

NO_PLACES = "depth of field, field of view, bar of, film studio, recording studio, town crier, empty space"

HOURS = {
    Hour.DAWN: "dawn, sunrise, morning, daybreak, golden hour, first light",
    Hour.DUSK: "dusk, sunset, evening, twilight, sundown, blue hour",
    Hour.NIGHT: "night, midnight, moonlight, moonlit, moon, starry, stars, nighttime, after dark, neon",
    Hour.DAY: "day, daylight, noon, midday, sunny, afternoon, bright sun, sunlight",
}

WEATHERS = {
    Weather.STORM: "storm, thunderstorm, thunder, lightning, tempest, hurricane",
    Weather.RAIN: "rain, rainy, raining, rainfall, drizzle, downpour, raindrop, monsoon",
    Weather.SNOW: "snow, snowy, snowing, snowfall, snowflake, blizzard, winter",
    Weather.FOG: "fog, foggy, mist, misty, haze, hazy, smoke, smoky",
    Weather.CLEAR: "clear sky, cloudless, blue sky, sunny",
}

STYLES = {
    Style.NEON: "neon, cyberpunk, synthwave, vaporwave, blade runner, club lights",
    Style.NOIR: "noir, black and white, black-and-white, monochrome, greyscale, grayscale",
    Style.SEPIA: "sepia, vintage, old film, silent film, 1920s, antique, daguerreotype, western",
    Style.PASTEL: "pastel, dreamy, watercolor, watercolour, soft colors, whimsical, children's book, anime",
}

TINTS: dict[tuple[int, int, int], str] = {
    (206, 58, 52): "red, crimson, scarlet",
    (226, 128, 52): "orange, amber, copper",
    (232, 190, 70): "yellow",
    (222, 166, 84): "golden, gold",
    (86, 150, 84): "green, emerald",
    (62, 118, 190): "blue, azure, navy",
    (128, 84, 168): "purple, violet, lilac",
    (226, 128, 164): "pink, rose",
    (238, 236, 230): "white, ivory, silver",
    (58, 56, 62): "black, charcoal",
    (124, 86, 58): "brown, wooden, bronze",
}

MOVES = {
    Move.DOLLY_IN: (
        "dolly in, dollies in, dollying in, push in, pushes in, pushing in, zoom in, zooms in, zooming in, "
        "moves in, creeps in, dolly, close in on, move closer, moves closer, zoom"
    ),
    Move.DOLLY_OUT: (
        "dolly out, dollies out, pull back, pulls back, pulling back, pull out, pulls out, zoom out, "
        "zooms out, zooming out, reveal, backs away, pull away, pulls away"
    ),
    Move.PAN_LEFT: "pan left, pans left, panning left, pan to the left, pans to the left, moves left",
    Move.PAN_RIGHT: (
        "pan right, pans right, panning right, pan to the right, pans to the right, pan, pans, panning"
    ),
    Move.TRACKING: (
        "tracking shot, tracking, tracks, follow, follows, following, steadicam, orbit, orbits, arc shot"
    ),
    Move.TILT_UP: "tilt up, tilts up, tilting up, look up, looks up at",
    Move.TILT_DOWN: "tilt down, tilts down, tilting down, tilt, tilts",
    Move.CRANE: "crane, crane up, crane shot, drone, drone shot, aerial, rises above, fly over, flyover, jib",
    Move.HANDHELD: "handheld, hand-held, shaky, action-cam, action cam, gopro, documentary, shake",
    Move.STATIC: "static, locked, locked off, locked-off, tripod, still camera, fixed camera, stationary",
}

FRAMINGS = {
    Framing.CLOSE: "close-up, close up, closeup, macro, extreme close, detail shot, tight shot, face",
    Framing.MEDIUM: (
        "medium shot, mid shot, waist up, over the shoulder, over-the-shoulder, two-shot, portrait"
    ),
    Framing.WIDE: (
        "wide shot, wide, establishing, long shot, panorama, panoramic, landscape, aerial, drone, vast"
    ),
}

ANGLES = {
    Angle.LOW: "low angle, low-angle, from below, worm's-eye, worm's eye, ground level",
    Angle.HIGH: (
        "high angle, high-angle, from above, overhead, top-down, top down, bird's-eye, bird's eye, aerial, "
        "drone"
    ),
}

FIGURES = {
    Figure.PAPER_BOAT: "paper boat, paper ship, origami boat, toy boat",
    Figure.SHIP: "ship, ferry, freighter, cruise ship, tanker, steamer, battleship, submarine",
    Figure.BOAT: "boat, sailboat, sail, yacht, canoe, kayak, rowboat, dinghy, trawler, gondola, raft",
    Figure.ASTRONAUT: "astronaut, cosmonaut, spacewalker, spaceman, diver, skydiver",
    Figure.ROBOT: "robot, android, droid, mech, cyborg",
    Figure.UMBRELLA: "umbrella, parasol",
    Figure.CROWD: (
        "crowd, people, commuter, audience, spectator, pedestrian, dancers, band, army, protesters, family"
    ),
    Figure.CHILD: "child, children, kid, boy, girl, toddler, little girl, little boy",
    Figure.PERSON: (
        "person, man, woman, fisherman, sailor, dancer, detective, knight, samurai, wizard, witch, monk, "
        "queen, king, chef, barista, runner, hiker, surfer, farmer, soldier, pilot, guy, lady, figure, "
        "stranger, traveler, traveller, musician, violinist, painter, artist, scientist, doctor, nurse, "
        "teacher, cowboy, hero"
    ),
    Figure.DOG: "dog, puppy, retriever, corgi, hound, wolf, husky, terrier, labrador, poodle, fox",
    Figure.CAT: "cat, kitten, kitty, tabby, tiger, lion, panther, leopard",
    Figure.HORSE: "horse, stallion, mare, pony, unicorn, deer, stag, elk, zebra",
    Figure.BIRDS: (
        "bird, seagull, gull, crow, raven, eagle, owl, pigeon, dove, swallow, heron, swan, crane bird, parrot"
    ),
    Figure.WHALE: "whale, dolphin, orca, shark, humpback",
    Figure.FISH: "fish, goldfish, koi, salmon, trout, shoal",
    Figure.BUTTERFLY: "butterfly, butterflies, moth, dragonfly, bee, firefly, fireflies",
    Figure.CAR: (
        "car, taxi, cab, truck, van, bus, convertible, jeep, race car, sedan, pickup, ambulance, limousine"
    ),
    Figure.TRAIN: "train, locomotive, subway, tram, railway, metro",
    Figure.BICYCLE: "bicycle, bike, cyclist, motorcycle, motorbike, scooter",
    Figure.AIRPLANE: "airplane, aeroplane, plane, jet, aircraft, glider, biplane, paper plane",
    Figure.ROCKET: "rocket, spaceship, spacecraft, space shuttle, starship",
    Figure.BALLOON: "hot-air balloon, hot air balloon, airship, zeppelin, blimp",
    Figure.TOY_BALLOON: "balloon",
    Figure.KITE: "kite",
    Figure.LIGHTHOUSE: "lighthouse, beacon",
    Figure.HOUSE: "house, cabin, cottage, hut, barn, castle, temple, church, mansion, windmill",
    Figure.TREE: "tree, oak, willow, cherry tree, palm, bonsai, maple, baobab, birch",
    Figure.FLOWER: "flower, rose bud, sunflower, tulip, daisy, poppy, dandelion, blossom, orchid",
    Figure.FIRE: "fire, campfire, bonfire, flame, fireplace, torch, burning",
    Figure.CANDLE: "candle, lantern, oil lamp, candlelight",
    Figure.CUP: "cup, mug, coffee, tea, espresso, teapot",
}

NO_FIGURES = (
    "camera man, cameraman, fire engine red, coffee table, tree line, rose gold, cat's eye, fish-eye, fisheye"
)

SOUNDS = {
    Sound.THUNDER: "thunder, thunderstorm, lightning, storm",
    Sound.RAIN: "rain, rainy, raining, rainfall, drizzle, downpour, raindrop, monsoon, storm, thunderstorm",
    Sound.SEA: "sea, ocean, beach, waves, surf, harbor, harbour, shore, coast, lapping, dock, pier",
    Sound.STREAM: (
        "river, stream, creek, brook, waterfall, fountain, trickle, splash, splashing, water, dripping"
    ),
    Sound.WIND: "wind, windy, breeze, gust, howling, blizzard, freefall, skydiver, storm, rustle, rustling",
    Sound.CROWD: (
        "crowd, chatter, murmur, people talking, audience, cheer, cheering, applause, market, cafe, café, bar"
    ),
    Sound.ENGINE: (
        "engine, car, truck, motor, motorcycle, motorbike, rocket, airplane, jet, plane, racing, tractor"
    ),
    Sound.TRAIN: "train, locomotive, subway, tram, railway",
    Sound.TRAFFIC: "traffic, city, street, downtown, highway, taxi, urban, honking",
    Sound.FIRE: "fire, campfire, bonfire, crackle, crackling, fireplace, flame, burning, torch",
    Sound.GULLS: "seagull, gull",
    Sound.BIRDS: "bird, birdsong, chirp, chirping, songbird, forest, garden, park, meadow, woods, jungle",
    Sound.CRICKETS: "cricket, cicada, frogs, night insects, insects",
    Sound.STEPS: (
        "footstep, steps, walk, walks, walking, running, runs, hoofbeats, gallop, gallops, galloping, "
        "marching"
    ),
    Sound.CLICKS: "click, clicking, typing, keyboard, ticking, tick, clock, typewriter, camera shutter",
    Sound.BELL: "bell, bells, chime, chiming, gong, ringing",
    Sound.FOGHORN: "foghorn, fog horn, ship horn, horn",
    Sound.HUM: (
        "hum, humming, drone hum, machine, machinery, fridge, spaceship, computer, server, electricity, neon"
    ),
    Sound.MUSIC: (
        "music, song, melody, piano, guitar, violin, orchestra, orchestral, score, soundtrack, synth, "
        "drums, jazz, chord, chords, choir, cello, lullaby, waltz, harp, symphony, lo-fi, lofi"
    ),
}

SILENCE = "silent, silence, no sound, no audio, muted, mute, soundless, without sound, without audio"
SOFTER = (
    "soft, softly, quiet, quietly, gentle, gently, distant, faint, light, subtle, low, calm, muffled, far-off"
)
LOUDER = (
    "loud, loudly, heavy, roaring, deafening, thundering, booming, strong, pounding, crashing, howling, "
    "raging"
)
SAD = "sad, melancholy, melancholic, somber, sombre, dark, lonely, tense, ominous, mysterious, minor, eerie"
LIVELY = "energetic, upbeat, fast, lively, cheerful, driving, playful, epic, dance, happy, joyful"

# Words that make a sentence a direction for the ear or for the look, so that it is no shot of its own.
EAR = (
    "sound, sounds, audio, ambience, ambient, noise, noises, music, score, soundtrack, voice, close-mic'd, "
    "sfx, sound effects, silence, roar, lip-sync, lipsync, foley, background music, hear, volume"
)
EYE = (
    "style, cinematic, 35mm, 16mm, film grain, lens, mood, lighting, photorealistic, realistic, 4k, 8k, "
    "palette, color grade, colour grade, depth of field, bokeh, aspect ratio, stable framing, high detail, "
    "hyperrealistic"
)

PRONOUNS = "he, she, him, her, his, it, its, they, them, their"
