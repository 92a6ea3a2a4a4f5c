"""Writes every message of the mirror protocol, from Formats/mirror-protocol.md alone.

For tools/make-vectors. Names, digests and numbers are given by the caller, and what is wrong too.
"""
import struct

from kist_writer import cbor, plain_hash, u32

PREAMBLE = b"KIST-MIRROR\x01\r\n\x1a\0"
CREDIT = 8 << 20
CONFIGURATION, SLOT, KEYRING_ENTRY, MANIFEST, RECORD, OBJECT, PACK = range(7)
SELECTION = 6
SLOTS, KEYRING, RECORDS, OBJECTS = range(1, 5)


def u16(number):
    return struct.pack("<H", number)


def u64(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


# ------------------------------------------------------------------------------ §3 to §7

def frame(kind, payload=b"", length=None, zeros=bytes(3)):
    """§3"""
    return u32(len(payload) if length is None else length) + bytes([kind]) + zeros + payload


def digest(names):
    """§5: the digest of a set of names."""
    return plain_hash(b"".join(sorted(names)))[:16] if names else bytes(16)


def hello_fields(program, repository, mark, offers, wishes, sets=(), credit=CREDIT):
    """§4: a hello as a map; sets as (set, names)."""
    fields = {1: 1, 2: program, 4: mark, 5: offers, 6: wishes, 7: credit,
              8: [[number, len(names), digest(names)] for number, names in sets]}
    return fields | ({3: repository} if repository else {})


def hello(*arguments, **more):
    return frame(1, cbor(hello_fields(*arguments, **more)))


def prefix(digits):
    """§3: a prefix, from its digits."""
    return bytes([len(digits)]) + bytes.fromhex(digits + "0" * (len(digits) % 2))


def walk(number, digits):
    return frame(2, bytes([number]) + u16(len(digits)) + b"".join(map(prefix, digits)))


def node(number, names, digits):
    """§5: what a set holds below a prefix."""
    below = sorted(name for name in names if name.hex().startswith(digits))
    if len(below) <= 32 or len(digits) == 12:
        start, width = (len(digits) // 2, 8) if number == OBJECTS else (0, 32)
        return b"\1" + u16(len(below)) + b"".join(name[start:start + width] for name in below)
    return b"\0" + b"".join(
        digest([name for name in below if name.hex().startswith(digits + digit)])
        for digit in "0123456789abcdef")


def nodes(number, made):
    return frame(3, bytes([number]) + u16(len(made)) + b"".join(made))


def fetch(kind, names, is_last=True, size_only=False):
    return frame(4, bytes([kind, is_last, size_only, 0]) + b"".join(names))


def item(kind, name, head, rest, first):
    """The first bytes of an item whose head and rest are so long."""
    return frame(6, bytes([kind, 0, 0, 0]) + name + u32(head) + u32(rest) + first)


def absent(kind, name):
    return frame(8, bytes([kind, 0, 0, 0]) + name)


def error(code, text):
    """§7"""
    return frame(11, cbor({1: code, 2: text}))


# ------------------------------------------------------------------------------ §9

def ask(number, operation, operands=b""):
    return frame(32, u32(number) + bytes([operation, 0, 0, 0]) + operands)


def data(file, kind, content):
    return frame(33, u32(file) + bytes([kind, 0, 0, 0]) + content)


def part(number, content):
    return frame(34, u32(number) + content)


def answer(number, content=b""):
    return frame(35, u32(number) + content)


def refusal(number, reason, text, first=0, second=0):
    return frame(36, u32(number) + cbor({1: reason, 2: text, 3: first, 4: second}))


def session(store, record):
    """§9: a session, as (who, frames): a store's files by path, and a record to commit.

    One question follows the answer to another; questions and files are numbered from 1.
    """
    def named(folder):
        return {bytes.fromhex(path.split("/")[-1]): path for path in sorted(store)
                if path.startswith(folder + "/")}

    def only(kind, folder):
        name, path = next(iter(named(folder).items()))
        return bytes([kind]) + name, store[path]

    whole = u64(0, 2**64 - 1)
    log = b"".join(sorted(named("records")))
    manifest_name, manifest = only(MANIFEST, "manifests")
    record_name, known = only(RECORD, "records")
    pack_name, pack = only(PACK, "packs")
    slot_name, slot = only(SLOT, "slots")
    trailer = int.from_bytes(pack[-16:-12], "little")
    count = int.from_bytes(pack[-trailer + 12:-trailer + 16], "little")
    heads = sum(int.from_bytes(pack[-trailer + 48 + 40 * i:][:4], "little") for i in range(count))
    heads = len(pack) - trailer - heads
    identity = plain_hash(record)
    yield "client hello", PREAMBLE + hello("vectors", None, b"", [], ["store"])
    yield "server hello", PREAMBLE + hello("vectors", None, b"", ["store", "heads"], [])
    yield "client open", ask(1, 1)
    yield "server open", answer(1, bytes.fromhex("5e" * 16) + store["kist"])
    yield "client names", ask(2, 2, bytes([RECORD]))
    yield "server names", part(2, log) + answer(2)
    yield "client size", ask(3, 3, manifest_name)
    yield "server size", answer(3, u64(len(manifest)))
    yield "client whole file", ask(4, 4, record_name + whole)
    yield "server whole file", part(4, known) + answer(4)
    yield "client range", ask(5, 4, pack_name + u64(0, 16))
    yield "server range", part(5, pack[:16]) + answer(5)
    yield "client tail", ask(6, 5, pack_name)
    yield "server tail", part(6, pack[heads:]) + answer(6, u64(len(pack), heads))
    yield "client missing file", ask(7, 4, bytes([RECORD]) + bytes(32) + whole)
    yield "server missing file", refusal(7, 5, "records/" + "00" * 32)
    yield "client strangers", ask(8, 13)
    yield "server strangers", answer(8)
    yield "client lock", ask(9, 10)
    yield "server lock", answer(9)
    yield "client remove", ask(10, 8, slot_name)
    yield "server remove", answer(10)
    yield "client unlock", ask(11, 11)
    yield "server unlock", answer(11)
    yield "client abandon", data(1, PACK, pack[:16]) + ask(12, 7, u32(1))
    yield "server abandon", answer(12)
    yield "client publish", data(2, SLOT, slot) + ask(13, 6, u32(2) + slot_name)
    yield "server publish", answer(13)
    yield "client commit", data(3, RECORD, record) + ask(
        14, 9, u32(3) + identity + u64(len(log) // 32) + plain_hash(log))
    yield "server commit", answer(14, b"\0")


# ------------------------------------------------------------------------------ what is refused

def accepted(repository, names, made):
    """Every message of a mirror run; names are forty, made is an object."""
    one, two = names[:2]
    own = hello_fields("kist", repository, b"\x5e" * 16, ["give", "receive"], ["push"],
                       [(SLOTS, []), (RECORDS, names)])
    yield "hello", frame(1, cbor(own))
    yield "hello without repository", hello("kist", None, b"", ["receive", "create"], [])
    yield "hello with a choice", frame(1, cbor(hello_fields(
        "kist", repository, b"\x5e" * 16, ["give"], ["push", "select"]) | {10: names[0]}))
    yield "walk", walk(RECORDS, [""])
    yield "walk below digits", walk(OBJECTS, ["a", "0b1", "0123456789ab"])
    yield "digests", nodes(RECORDS, [node(RECORDS, names, "")])
    yield "names", nodes(RECORDS, [node(RECORDS, names[:2], ""), node(RECORDS, names, "f0f0")])
    yield "parts of names", nodes(OBJECTS, [node(OBJECTS, names, one.hex()[:3])])
    yield "fetch", fetch(RECORD, [one, two])
    yield "fetch of sizes, not the end", fetch(OBJECT, [one], is_last=False, size_only=True)
    yield "fetch of a selection", fetch(SELECTION, [one])
    yield "batch", frame(5, u64(2, 4312))
    yield "item", item(OBJECT, made.id, len(made.head), len(made.body), made.bytes[:300])
    yield "more", frame(7, made.bytes[300:600])
    yield "absent", absent(MANIFEST, two)
    yield "credit", frame(9, u64(1 << 20))
    yield "alive", frame(10)
    yield "error", error(10, "quota of 1000 bytes, 4312 needed")
    yield "done", frame(12, u64(3, 2, 4312))


def later(repository):
    """What later versions may say: passed over."""
    own = hello_fields("kist", repository, b"", ["give", "fly"], ["sing"])
    own[8] = [[4, 1, bytes(16)], [200, 1, b"\1" * 16]]
    yield "hello", frame(1, cbor(own | {39: [1, {1: b"x"}], 40: "later"}))
    yield "message 128", frame(128, b"anything")
    yield "message 255", frame(255)


def refused(repository, names):
    """Frames that end a session; the name says what is wrong."""
    one = names[0]
    good = hello_fields("kist", repository, b"", ["give"], ["push"])

    def greeting(fields=(), without=()):
        return frame(1, cbor({k: v for k, v in (good | dict(fields)).items() if k not in without}))

    yield "frame of one byte too many", frame(7, length=(1 << 20) - 7)
    yield "frame of four gibibytes", frame(7, length=2**32 - 1)
    yield "frame with reserved byte", frame(10, zeros=b"\0\0\1")
    for number in 0, 13, 127:
        yield f"unknown message {number}", frame(number)
    yield "hello that is empty", frame(1)
    yield "hello that is no map", frame(1, cbor([1]))
    yield "hello without version", greeting(without=[1])
    yield "hello with program of 257 bytes", greeting({2: "x" * 257})
    yield "hello with repository of 31 bytes", greeting({3: bytes(31)})
    yield "hello with mark of 33 bytes", greeting({4: bytes(33)})
    yield "hello with 65 words", greeting({5: ["x"] * 65})
    yield "hello with word of 65 bytes", greeting({6: ["x" * 65]})
    yield "hello with 65 sets", greeting({8: [[1, 0, bytes(16)]] * 65})
    yield "hello with set of two", greeting({8: [[1, 0]]})
    yield "hello with digest of 15 bytes", greeting({8: [[1, 0, bytes(15)]]})
    yield "hello with choice of 31 bytes", greeting({10: bytes(31)})
    yield "hello with trailing byte", frame(1, cbor(good) + b"\0")
    yield "hello cut short", frame(1, cbor(good)[:-1])
    yield "walk of unknown set", walk(5, [""])
    yield "walk of 513 prefixes", walk(RECORDS, ["0"] * 513)
    yield "walk below 13 digits", walk(RECORDS, ["0" * 13])
    yield "walk with a digit behind the last", frame(2, b"\3" + u16(1) + b"\1\xab")
    yield "walk cut short", frame(2, b"\3" + u16(2) + b"\0")
    yield "walk with trailing byte", frame(2, b"\3" + u16(1) + b"\0\0")
    yield "nodes of unknown set", nodes(0, [])
    yield "nodes of kind 2", nodes(RECORDS, [b"\2"])
    yield "nodes with list of 4097", nodes(RECORDS, [b"\1" + u16(4097)])
    yield "nodes with list cut short", nodes(RECORDS, [b"\1" + u16(1) + bytes(31)])
    yield "nodes with 15 digests", nodes(RECORDS, [b"\0" + bytes(15 * 16)])
    yield "fetch of unknown kind", fetch(7, [one])
    yield "fetch with end 2", frame(4, bytes([RECORD, 2, 0, 0]) + one)
    yield "fetch with answer 2", frame(4, bytes([RECORD, 1, 2, 0]) + one)
    yield "fetch with reserved byte", frame(4, bytes([RECORD, 1, 0, 1]) + one)
    yield "fetch with name of 31 bytes", fetch(RECORD, [one[:31]])
    yield "batch cut short", frame(5, u64(1))
    yield "batch with trailing byte", frame(5, u64(1, 1) + b"\0")
    yield "item of unknown kind", item(7, one, 0, 1, b"x")
    yield "item with reserved byte", frame(6, bytes([4, 0, 0, 1]) + one + u32(0) + u32(1) + b"x")
    yield "item cut short", frame(6, bytes([4, 0, 0, 0]) + one + u32(0))
    yield "absent of unknown kind", absent(7, one)
    yield "absent with reserved byte", frame(8, bytes([4, 1, 0, 0]) + one)
    yield "absent with name of 31 bytes", absent(RECORD, one[:31])
    yield "credit cut short", frame(9, bytes(7))
    yield "alive with a byte", frame(10, b"\0")
    yield "error that is no map", frame(11, cbor([1, "x"]))
    yield "error with text of 4097 bytes", error(1, "x" * 4097)
    yield "error with trailing byte", frame(11, cbor({1: 1, 2: "x"}) + b"\0")
    yield "done cut short", frame(12, u64(1, 2))
    yield "done with trailing byte", frame(12, u64(1, 2, 3) + b"\0")


def store_refused(names):
    """Frames that end a store's session."""
    yield "ask cut short", frame(32, u32(1) + b"\1\0")
    yield "ask with reserved byte", frame(32, u32(1) + b"\1\0\0\1")
    yield "data with reserved byte", frame(33, u32(1) + b"\6\1\0\0")
    yield "answer cut short", frame(35, bytes(3))
    yield "refusal of three fields", frame(36, u32(1) + cbor({1: 5, 2: "x", 3: 0}))
    yield "refusal with text of 4097 bytes", refusal(1, 5, "x" * 4097)
    yield "refusal with trailing byte", frame(36, u32(1) + cbor({1: 5, 2: "", 3: 0, 4: 0}) + b"\0")
    yield "unknown message 37", frame(37)
    yield "message of a mirror run", fetch(RECORD, names[:1])
