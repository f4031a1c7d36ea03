"""Verifies an export of the audit log (JSON lines on standard input) by src/audit/README.md alone; no code of the
service.

LOG_SIGNING_KEY, a list of id:base64 entries, makes it check the signatures too. HEADS, such as 17:ab12… with blanks
between them, must be in the chain.
"""

import base64
import hashlib
import hmac
import json
import os
import sys

from format_bytes import encode, hkdf


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


SIGNATURE = "mc101/audit-seal-signature/v1"
ring = dict(entry.split(":", 1) for entry in os.environ.get("LOG_SIGNING_KEY", "").split(",") if ":" in entry)
heads = dict(head.split(":") for head in os.environ.get("HEADS", "").split())

previous, batch, seals, entries, waiting = None, [], 0, 0, 0
for line in sys.stdin:
    row = json.loads(line)
    if row["kind"] == "entry":
        content = {name: value for name, value in row.items() if name not in ("kind", "id", "seal")}
        digest = hashlib.sha256(encode("mc101/audit-entry/v1", canonical(content))).digest()
        if row["seal"] is None:
            waiting += 1
        else:
            batch.append((row["id"], row["seal"], digest))
        continue
    place = f"seal {row['number']}"
    before, head = bytes.fromhex(row["previous_head"]), bytes.fromhex(row["head"])
    first = previous is None
    if first:
        assert row["number"] > 1 or before == bytes(32), f"{place}: something stands before the first"
    else:
        assert row["number"] == previous[0] + 1, f"{place}: a seal is missing before it"
        assert before == previous[1], f"{place}: it does not continue the one before it"
    # Of the anchor the entries were deleted as old.
    if not (first and not batch):
        assert len(batch) == row["entry_count"], f"{place}: {len(batch)} entries instead of {row['entry_count']}"
        assert all(seal == row["number"] for _, seal, _ in batch), f"{place}: entries of another seal"
        assert batch == sorted(batch), f"{place}: not in order"
        members = b"".join(encode(id, digest) for id, _, digest in batch)
        computed = hashlib.sha256(
            encode("mc101/audit-seal/v1", row["number"], before, row["sealed_at"], len(batch)) + members
        ).digest()
        assert computed == head, f"{place}: its entries are not those that were sealed"
    if ring:
        key = hkdf(base64.b64decode(ring[row["key_id"]]), SIGNATURE)
        signed = encode(
            SIGNATURE, row["key_id"], row["number"], before, head, row["sealed_at"],
            row["entry_count"], row["first_id"], row["last_id"],
        )
        assert hmac.digest(key, signed, "sha256").hex() == row["signature"], f"{place}: not as it was signed"
    noted = heads.pop(str(row["number"]), row["head"])
    assert noted == row["head"], f"{place}: its head was {noted} when it was noted"
    previous, seals, entries, batch = (row["number"], head), seals + 1, entries + len(batch), []
assert not batch, "entries without their seal"
assert not heads, f"noted heads are missing: {', '.join(heads)}"
print(f"Intact: {seals} seals, {entries} entries; {waiting} more wait for their seal.")
