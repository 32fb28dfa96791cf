-- Messages that ask the owner of an address to confirm a subscription. Only the encrypted token has what they asked for.
CREATE TABLE confirmation (
    key       TEXT   NOT NULL PRIMARY KEY REFERENCES outbox (key) ON DELETE CASCADE,
    address   TEXT   NOT NULL, -- lower case
    token     TEXT   NOT NULL, -- of the link
    asked_at  BIGINT NOT NULL
);
CREATE INDEX confirmation_asked ON confirmation (asked_at);
INSERT INTO counter (name, value) VALUES ('confirmation', 0);

-- Subscriptions that the owners of addresses confirmed: proof that they agreed to get email.
CREATE TABLE consent (
    id            TEXT   NOT NULL PRIMARY KEY, -- of the confirmed request: each counts once
    member_id     BIGINT NOT NULL,
    address       TEXT   NOT NULL,             -- as confirmed; the member may have another one now
    asked_at      BIGINT NOT NULL,
    confirmed_at  BIGINT NOT NULL,
    sections      TEXT   NOT NULL,             -- JSON array of titles, as the message had them
    cadence       TEXT   NOT NULL,
    locale        TEXT   NOT NULL              -- in which the message was written
);
CREATE INDEX consent_member ON consent (member_id, confirmed_at);
