# Verifies every DKIM signature of the mail on standard input, with the TXT records of the arguments (name, value,
# name, value ...) in place of DNS. Prints one line each: its selector, and whether it holds.
import sys

import dkim

records = {name + ".": value for name, value in zip(sys.argv[1::2], sys.argv[2::2])}
mail = sys.stdin.buffer.read()
for i in range(mail.count(b"DKIM-Signature:")):
    d = dkim.DKIM(mail, minkey=2048)
    try:
        good = d.verify(i, dnsfunc=lambda name, timeout=5: records.get(name.decode(), "").encode())
    except dkim.DKIMException as e:
        good = e
    print(d.signature_fields.get(b"s", b"").decode(), good)
