"""Writes every structure of a Kist repository, from the pages in Formats/ alone.

For tools/make-vectors. What is random in a repository (keys, salts, nonces) is given by the caller,
and what is wrong in a vector too: most functions take fields that replace the right ones. The pages
that they follow stand in their documentation.
"""
import ctypes
import hashlib
import struct

SODIUM = ctypes.CDLL("libsodium.so.23")
SODIUM.sodium_init()


# ------------------------------------------------------------------------------ README.md §1

def call(function, size, *arguments):
    """What a C function writes, all of whose numbers are 64 bits wide."""
    out = ctypes.create_string_buffer(size)
    assert function(out, *(ctypes.c_uint64(a) if isinstance(a, int) else a for a in arguments)) == 0
    return out.raw


def H(tag, key, message, size=32):
    return hashlib.blake2b(message, digest_size=size, key=key, person=tag.encode()).digest()


def plain_hash(message):
    return H("", b"", message)


def seal(key, nonce, associated, plain):
    return call(SODIUM.crypto_aead_xchacha20poly1305_ietf_encrypt, len(plain) + 16, None, plain,
                len(plain), associated, len(associated), None, nonce, key)


def key_pair(seed):
    """Ed25519: the public key, and the key that signs."""
    public = ctypes.create_string_buffer(32)
    secret = call(lambda out: SODIUM.crypto_sign_seed_keypair(public, out, seed), 64)
    return public.raw, secret


def sign(seed, message):
    return call(SODIUM.crypto_sign_detached, 64, None, message, len(message), key_pair(seed)[1])


def padme(size, floor):
    size = max(size, floor)
    exponent = size.bit_length() - 1
    unit = 1 << exponent - exponent.bit_length()
    return -(-size // unit) * unit


def padded(content, width, size):
    """Length, content, zeros."""
    return (len(content).to_bytes(width, "little") + content).ljust(size, b"\0")


def u32(number):
    return struct.pack("<I", number)


def cbor_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    width = next(w for w in (1, 2, 4, 8) if number < 1 << 8 * w)
    return bytes([major << 5 | 23 + width.bit_length()]) + number.to_bytes(width, "big")


def cbor(value):
    """Deterministic CBOR of numbers, bytes, texts, lists and maps."""
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        pairs = sorted(value.items())
        return cbor_head(5, len(pairs)) + b"".join(cbor(k) + cbor(v) for k, v in pairs)
    return cbor_head(4, len(value)) + b"".join(cbor(item) for item in value)


# ------------------------------------------------------------------------------ keys

class Keys:
    """The secrets of a repository."""

    def __init__(self, root_seed, keyring_key, naming, cutting, naming_id):
        self.root_seed, self.keyring_key = root_seed, keyring_key
        self.naming, self.cutting, self.naming_id = naming, cutting, naming_id
        self.root = key_pair(root_seed)[0]
        self.repository = plain_hash(b"kist repository 1\n" + self.root)


def configuration(keys, sizes, time, fields=(), seed=None):
    """configuration.md §1: the payload, and the file."""
    payload = {1: "kist", 2: 1, 3: keys.root, 4: [], 5: [], 6: [], 7: sizes, 8: [time, 0]}
    payload = cbor(payload | dict(fields))
    return payload, cbor([payload, sign(seed or keys.root_seed,
                                        b"kist configuration 1\n" + payload)])


class Slot:
    """keys.md §3: a slot's file, and all that is on the way to it."""

    def __init__(self, keys, secret, identity, salt, nonce, note_nonce, label, time,
                 fields=(), seed=None, **parts):
        """A secret of 32 bytes is a recovery key; any other one a passphrase."""
        header = {1: 1, 2: 2 if len(secret) == 32 else 1, 3: identity, 6: salt, 7: nonce}
        if len(secret) == 32:
            self.kek = H("kist slot kek", secret, salt)
        else:
            header |= {4: 3, 5: 65536}
            self.kek = call(SODIUM.crypto_pwhash, 32, 32, secret, len(secret), salt, 3,
                            65536 << 10, 2)
        self.header = cbor(header | dict(fields))
        context = keys.repository + self.header
        self.bundle = cbor({1: 7, 2: seed or keys.root_seed, 3: keys.keyring_key})
        self.label = cbor({1: label, 2: [time, 0]})
        self.wrap_key = H("kist slot wrap", self.kek, context)
        self.note_key = H("kist slot note", keys.keyring_key, keys.repository + identity)
        self.commitment = parts.get("commitment") or H("kist slot commit", self.kek, context)
        self.wrapped = parts.get("wrapped") or seal(
            self.wrap_key, nonce, context, padded(self.bundle, 2, 256))
        self.note = note_nonce + seal(
            self.note_key, note_nonce, identity, padded(self.label, 2, 256))
        joined = self.header + self.wrapped + self.commitment + self.note
        self.checksum = parts.get("checksum") or plain_hash(joined)[:16]
        self.parts = [self.header, self.wrapped, self.commitment, self.note, self.checksum]
        self.file = cbor(self.parts)


def keyring_entry(keys, kind, identity, nonce, key, time, fields=()):
    """keys.md §4: header and sealed key."""
    header = cbor({1: 1, 2: kind, 3: identity, 4: nonce, 5: [time, 0]} | dict(fields))
    context = keys.repository + header
    return header, seal(H("kist keyring", keys.keyring_key, context), nonce, context, key)


def recovery_text(key):
    """keys.md §3: the printed recovery key."""
    number = int.from_bytes(key, "big") << 24
    number |= int.from_bytes(plain_hash(b"kist recovery key 1\n" + key)[:3], "big") >> 4
    digits = ["0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * i & 31] for i in reversed(range(56))]
    return "-".join("".join(digits[i:i + 4]) for i in range(0, 56, 4))


# ------------------------------------------------------------------------------ chunks and objects

def gear_stream(keys):
    """keys.md §2: the key stream of chunking.md §3."""
    return b"".join(H("kist gear", keys.cutting, u32(i), 64) for i in range(32))


def cut(keys, sizes, content):
    """chunking.md §4: the chunks of some content."""
    minimum, average, maximum = sizes
    words = struct.unpack("<256Q", gear_stream(keys))
    start = words[0] | 0x03ffff8000000000
    table = [-start, *words[1:]]
    bits = average.bit_length() - 1
    strict, loose = 1 << 64 - bits - 2, 1 << 64 - bits + 2
    normal = minimum + 8 * average * (3 * average - 4 * minimum) // (27 * average + 4 * minimum)
    chunks = []
    while content:
        end, h = min(len(content), maximum), start
        for i in range(minimum, end):
            h = (2 * h + table[content[i]]) % 2**64
            if h < (strict if i < normal else loose):
                end = i + 1
                break
        chunks.append(content[:end])
        content = content[end:]
    return chunks


def chunk_id(keys, kind, content):
    """chunk.md §2"""
    return H({1: "kist chunk data", 2: "kist chunk tree"}[kind], keys.naming, content)


class Object:
    """object.md: an object, and all that is on the way to it.

    What is in the dicts preamble, directory and frame replaces the fields of these names.
    """

    def __init__(self, keys, kind, chunks, nonce, key, stored=None, ids=None,
                 preamble=(), directory=(), frame=()):
        content = b"".join(chunks)
        self.ids = ids or [chunk_id(keys, kind, chunk) for chunk in chunks]
        body = {"kind": kind, "codec": 1 if stored else 0, "zero": 0, "n": len(chunks),
                "size": len(content), "stored": len(stored or content), "id key": keys.naming_id,
                "lengths": b"".join(u32(len(c)) for c in chunks), "content": stored or content,
                "padding": b""} | dict(frame)
        *numbers, lengths, content, padding = body.values()
        self.frame = struct.pack("<BBHIII16s", *numbers) + lengths + content
        body = (self.frame + padding).ljust(padme(len(self.frame), 4096), b"\0")
        plain = {"kind": kind, "zero": 0, "zeros": 0, "n": len(chunks), "frame": len(self.frame),
                 "more": 0, "id key": keys.naming_id, "ids": b"".join(self.ids), "padding": b"",
                 } | dict(directory)
        *numbers, listed, padding = plain.values()
        self.directory = struct.pack("<BBHIII16s", *numbers) + listed
        size = max(64, 1 << (len(self.directory) - 1).bit_length())
        plain = (self.directory + padding).ljust(size, b"\0")
        context = b"\1" + keys.repository + nonce
        self.commitment = H("kist obj commit", key[1], context)
        fields = {"version": 1, "suite": 1, "zero": 0, "key": key[0], "nonce": nonce,
                  "commitment": self.commitment, "d": len(plain) + 16, "b": len(body) + 16,
                  } | dict(preamble)
        self.preamble = struct.pack("<BBH16s24s32sII", *fields.values())
        self.directory_key = H("kist obj dir", key[1], context)
        self.body_key = H("kist obj body", key[1], context)
        self.sealed_directory = seal(self.directory_key, nonce, self.preamble, plain)
        self.body = seal(self.body_key, nonce, self.preamble, body)
        self.head = b"KOBJ" + self.preamble + plain_hash(self.body) + self.sealed_directory
        self.id = plain_hash(self.head)
        self.bytes = self.head + self.body


def pack(objects, lines=None, count=None, version=1, start=b"KISTTRLR"):
    """pack.md §1: a pack, and its name."""
    if lines is None:
        lines = [(o.id, len(o.head), len(o.body)) for o in objects]
    trailer = start + u32(version) + u32(len(lines) if count is None else count)
    trailer += b"".join(identity + u32(head) + u32(body) for identity, head, body in lines)
    trailer += u32(len(trailer) + 16) + u32(0) + b"KISTPEND"
    bodies = b"".join(b"KSTB" + o.preamble + o.body for o in objects)
    heads = b"".join(o.head for o in objects)
    return b"KISTPACK" + u32(1) + u32(0) + bodies + heads + trailer, plain_hash(trailer).hex()


# ------------------------------------------------------------------------------ trees

def adds(entry):
    """tree.md: what an entry adds to the totals of its directory."""
    files, size, entries = entry.get(19, [0, 0, 0])
    return [1, entry.get(7, 0), 1] if entry[2] == 1 else [files, size, entries + 1]


def add_up(sums):
    return [sum(column) for column in zip([0, 0, 0], *sums)]


class Tree:
    """Builds nodes; keeps the chunks that it needs, by kind and id."""

    def __init__(self, keys, sizes):
        self.keys, self.sizes, self.chunks = keys, sizes, {1: {}, 2: {}}

    def chunk(self, kind, content):
        identity = chunk_id(self.keys, kind, content)
        self.chunks[kind][identity] = content
        return identity

    def node(self, kind, elements):
        """A node of type 5, 6 or 7."""
        return self.chunk(2, cbor({1: kind, 2: elements}))

    def pages(self, kind, elements, hashes, sums, add):
        """tree.md §5: the node over some elements, of type kind or of one more."""
        while True:
            made, first = [], 0
            for last in range(1, len(elements) + 1):
                if last - first >= 64 and hashes[last - 1][0] == 0 or last == len(elements):
                    node = {1: kind, 2: add(sums[first:last]), 3: elements[first:last]}
                    made.append((self.chunk(2, cbor(node)), elements[first], node[2]))
                    first = last
            if not made:
                return self.chunk(2, cbor({1: kind, 2: add([]), 3: []}))
            if len(made) == 1:
                return made[0][0]
            if kind in (1, 2):
                elements = [[e[1] if kind == 1 else e[0], i] for i, e, _ in made]
            else:
                elements = [[identity, size] for identity, _, size in made]
            hashes, sums = [identity for identity, *_ in made], [size for *_, size in made]
            kind += kind % 2

    def folder(self, metadata, entries):
        """tree.md §1: a directory's entry, from the entries in it by name."""
        entries = [entry | {1: name} for name, entry in sorted(entries.items())]
        hashes = [H("kist name split", self.keys.naming, entry[1]) for entry in entries]
        sums = [adds(entry) for entry in entries]
        below = add_up(sums)
        return metadata | {2: 2, 16: self.pages(1, entries, hashes, sums, add_up)} | (
            {19: below} if any(below) else {})

    def file(self, metadata, content, chunks=None):
        """tree.md §1, §4: a file's entry; chunks are its cuts, if they are not to be computed."""
        entry = metadata | {2: 1} | ({7: len(content)} if content else {})
        if len(content) <= 128:
            return entry | ({13: content} if content else {})
        items = []
        for chunk in chunks or cut(self.keys, self.sizes, content):
            identity = self.chunk(1, chunk)
            if items and items[-1][:2] == [identity, len(chunk)]:
                items[-1][2:] = [(items[-1] + [1])[2] + 1]
            else:
                items.append([identity, len(chunk)])
        if len(items) <= 64:
            return entry | {14: items}
        sums = [(item + [1])[1] * (item + [1])[2] for item in items]
        return entry | {15: self.pages(3, items, [item[0] for item in items], sums, sum)}


def snapshot(roots, author=None, **fields):
    """snapshot.md §1; fields as k9=…"""
    return cbor({1: 1, 3: roots, 7: add_up([adds(root) for _, root in roots])}
                | ({8: author} if author else {}) | {int(k[1:]): v for k, v in fields.items()})


# ------------------------------------------------------------------------------ records

def record(keys, seed, sequence, parents, kind, time, fields=(), nonce=None, content=None, key=None,
           plain=None, signature=None):
    """record-log.md §2: a record, and its id."""
    clear = {1: keys.repository, 2: key_pair(seed)[0], 3: sequence, 4: b"".join(sorted(parents)),
             5: kind, 10: [time, 0]} | ({12: key[0], 13: nonce} if nonce else {})
    clear, sealed = cbor(clear | dict(fields)), b""
    if nonce:
        plain = plain or padded(content, 4, padme(4 + len(content), 1024))
        subkey = H("kist record", key[1], b"\1" + keys.repository + nonce)
        sealed = seal(subkey, nonce, clear, plain)
    message = b"kist record 1\n" + plain_hash(clear) + plain_hash(sealed)
    made = cbor([clear, sealed, signature or sign(seed, message)])
    return made, plain_hash(made)


def manifest(ids):
    """record-log.md §5"""
    return b"KISTMANI" + u32(len(ids)) + b"".join(ids)


def selection(snapshots, lists):
    """store.md §5: what travels"""
    return cbor({1: b"".join(snapshots), 2: b"".join(lists)})


def store_file(digits, version=1):
    """store.md §2"""
    start = f"kist store {version}\n".encode() + digits + b"\n"
    return start + plain_hash(start).hex()[:16].encode() + b"\n"
