"""What the formats are made of, from the description in src/crypto/README.md alone; nothing but Python's own library."""

import base64
import hashlib
import hmac
import struct


def encode(*fields):
    """Each field behind its length; a number in 8 bytes, text in UTF-8."""
    out = b""
    for field in fields:
        if isinstance(field, int):
            data = struct.pack(">Q", field)
        elif isinstance(field, bytes):
            data = field
        else:
            data = field.encode("utf-8")
        out += struct.pack(">I", len(data)) + data
    return out


def hkdf(key, context):
    """RFC 5869 with SHA-256, no salt and 32 bytes: one block."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, context.encode() + b"\x01", "sha256")


def b64(data):
    return base64.b64encode(data).decode()


def fixed(label, length):
    return hashlib.sha256(("mc101 vector " + label).encode()).digest()[:length]


def commit(key):
    return hkdf(key, "mc101/key-commitment/v1")
