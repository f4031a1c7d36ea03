"""Known answers for note format v1, from the description in src/crypto/README.md alone."""

import hashlib
import hmac
import json
import unicodedata

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from format_bytes import b64, commit, encode, fixed, hkdf


def seal(key, nonce, plaintext, bound):
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def fold(text):
    nfc = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", nfc.upper().lower().replace("ς", "σ"))


def entry(id_, key):
    return id_ + ":" + b64(key)


app_key, old_key = fixed("app key", 32), fixed("old app key", 32)
app_id, owner, note = "app-2026", 7, 4503599627370497
user_key = fixed("user key", 32)
content_kek = hkdf(user_key, "mc101/user-key/content-kek/v1")
title_key = hkdf(user_key, "mc101/user-key/title/v1")
tag_key = hkdf(user_key, "mc101/user-key/tag-index/v1")


def user_key_case():
    nonce = fixed("user key nonce", 12)
    kek = hkdf(app_key, "mc101/user-key-wrap/v1")
    return {
        "keyId": app_id,
        "ownerId": owner,
        "userKey": user_key.hex(),
        "nonce": nonce.hex(),
        "aad": encode("mc101/user-key", 1, owner, app_id).hex(),
        "wrappedKey": seal(kek, nonce, user_key, encode("mc101/user-key", 1, owner, app_id)).hex(),
        "keyCommitment": commit(user_key).hex(),
        "noteKeys": {
            "contentKek": content_kek.hex(),
            "titleKey": title_key.hex(),
            "tagIndexKey": tag_key.hex(),
        },
    }


def note_case(name, mode, kek, key_id, content_revision, title_revision, content, title, tags):
    dek = fixed(name + " dek", 32)
    wrap_nonce, content_nonce, title_nonce = (fixed(f"{name} {n} nonce", 12) for n in ("wrap", "content", "title"))
    place = ("mc101/note", 1, mode, owner, note)
    content_aad = encode(*place, "content", content_revision)
    dek_aad = encode(*place, "content", content_revision, "dek", key_id)
    commitment = commit(dek)
    title_aad = encode(*place, "title", title_revision, content_revision, commitment)
    title_json = json.dumps({"title": title, "tags": tags}, ensure_ascii=False, separators=(",", ":"))
    return {
        "name": name,
        "binding": {
            "formatVersion": 1,
            "mode": mode,
            "ownerId": owner,
            "noteId": note,
            "contentRevision": content_revision,
            "titleRevision": title_revision,
        },
        "content": content,
        "title": {"title": title, "tags": tags},
        "kek": kek.hex(),
        "dataKey": dek.hex(),
        "wrapNonce": wrap_nonce.hex(),
        "contentNonce": content_nonce.hex(),
        "titleNonce": title_nonce.hex(),
        "contentAad": content_aad.hex(),
        "dataKeyAad": dek_aad.hex(),
        "titleAad": title_aad.hex(),
        "keyId": key_id,
        "wrappedKey": seal(kek, wrap_nonce, dek, dek_aad).hex(),
        "keyCommitment": commitment.hex(),
        "sealedContent": seal(dek, content_nonce, content.encode(), content_aad).hex(),
        "sealedTitle": seal(title_key, title_nonce, title_json.encode(), title_aad).hex(),
    }


def personal_key_case():
    typed, salt = "Cafe\u0301 au lait", fixed("salt", 16)
    password = unicodedata.normalize("NFC", typed).encode()
    return {
        "password": typed,
        "name": "pbkdf2-hmac-sha256",
        "iterations": 600000,
        "salt": salt.hex(),
        "key": hashlib.pbkdf2_hmac("sha256", password, salt, 600000, 32).hex(),
    }


def passphrase_case():
    variable, phrase = "APP_ENCRYPTION_KEY", "vier Stu\u0308cke, kein Schlüssel"
    key = hashlib.scrypt(
        unicodedata.normalize("NFC", phrase).encode(),
        salt=("mc101/key-ring/v1/" + variable).encode(),
        n=2**15,
        r=8,
        p=3,
        maxmem=64 * 1024 * 1024,
        dklen=32,
    )
    id_ = "p-" + hashlib.sha256(hkdf(key, "mc101/key-id")).hexdigest()[:8]
    return {"variableName": variable, "passphrase": phrase, "id": id_, "key": key.hex()}


def canary_case():
    nonce = fixed("canary nonce", 12)
    key = hkdf(app_key, "mc101/canary/v1")
    return {"nonce": nonce.hex(), "sealed": seal(key, nonce, b"mc101 canary", encode("mc101/canary/v1", app_id)).hex()}


personal = personal_key_case()
print(
    json.dumps(
        {
            "description": "Known answers for note format v1; bytes in hex. See src/crypto/README.md.",
            "keyRing": entry(app_id, app_key) + "," + entry("app-2025", old_key),
            "userKey": user_key_case(),
            "personalKey": personal,
            "notes": [
                note_case("app", "app", content_kek, "user", 1, 1, "Dear diary, 日本 👋\u0000\n", "Ünï \"title\"", ["a", "Straße"]),
                note_case("personal", "personal", bytes.fromhex(personal["key"]), "password", 3, 5, "only for me", "t", []),
                note_case("empty", "app", content_kek, "user", 9007199254740991, 9007199254740991, "", "", []),
            ],
            "tagIndex": [
                {"tag": t, "index": hmac.new(tag_key, fold(t).encode(), hashlib.sha256).hexdigest()}
                for t in ["work", "WORK", "Straße", "e\u0301te\u0301", "ΟΔΟΣ"]
            ],
            "canary": canary_case(),
            "passphrase": passphrase_case(),
        },
        ensure_ascii=True,
        indent=2,
    )
)
