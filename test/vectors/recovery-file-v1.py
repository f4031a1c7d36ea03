"""A known recovery file, from the description in src/crypto/README.md alone."""

import hashlib
import json
import unicodedata

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from format_bytes import b64, commit, encode, fixed, hkdf


passphrase = "Cafe\u0301 au lait, seven quiet herons"
salt, nonce = fixed("recovery salt", 16), fixed("recovery nonce", 12)
name, iterations = "pbkdf2-hmac-sha256", 600000
service, created_at = "0.1.0", "2026-01-05T09:00:00.000Z"
rings = {
    "APP_ENCRYPTION_KEY": "k2:" + b64(fixed("recovery app k2", 32)) + ",k1:" + b64(fixed("recovery app k1", 32)),
    "TOKEN_PEPPER": "k1:" + b64(fixed("recovery pepper", 32)),
    "JWT_SECRET_KEY": "k1:" + b64(fixed("recovery jwt", 32)),
    "LOG_SIGNING_KEY": "k1:" + b64(fixed("recovery log", 32)),
}
plaintext = json.dumps(rings, separators=(",", ":")).encode()

typed = unicodedata.normalize("NFC", passphrase).encode()
key = hkdf(hashlib.pbkdf2_hmac("sha256", typed, salt, iterations, 32), "mc101/recovery-file/v1")
commitment = commit(key)
bound = encode("mc101/recovery-file", 1, service, created_at, name, iterations, salt, commitment)

print(
    json.dumps(
        {
            "description": "A known recovery file of format 1. See src/crypto/README.md.",
            "passphrase": passphrase,
            "salt": salt.hex(),
            "nonce": nonce.hex(),
            "aad": bound.hex(),
            "plaintext": plaintext.decode(),
            "file": {
                "format": "mc101-recovery-1",
                "service": service,
                "created_at": created_at,
                "kdf": {"name": name, "iterations": iterations, "salt": b64(salt)},
                "key_commitment": b64(commitment),
                "sealed": b64(nonce + AESGCM(key).encrypt(nonce, plaintext, bound)),
            },
        },
        ensure_ascii=True,
        indent=2,
    )
)
