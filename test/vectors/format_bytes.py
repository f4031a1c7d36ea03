"""What both formats are made of, from the description in src/crypto/README.md alone."""

import hashlib
import struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def aad(*fields):
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
    return HKDF(algorithm=SHA256(), length=32, salt=b"", info=context.encode()).derive(key)


def fixed(label, length):
    return hashlib.sha256(("mc101 vector " + label).encode()).digest()[:length]


def commit(key):
    return hkdf(key, "mc101/key-commitment/v1")
