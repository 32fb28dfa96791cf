-- What we know about the feeds in the configuration, by URL.
CREATE TABLE feed (
    url      TEXT   NOT NULL PRIMARY KEY,
    began_at BIGINT NOT NULL,            -- the first poll that worked; 0: none yet
    next_at  BIGINT NOT NULL,
    etag     TEXT   NOT NULL,
    modified TEXT   NOT NULL,            -- the header Last-Modified
    failures BIGINT NOT NULL,            -- since the last poll that worked
    error    TEXT   NOT NULL             -- of the last poll; empty: it worked
);

-- The items that a feed has had: also those that no post was made of, because they are older than the first poll.
CREATE TABLE feed_item (
    url     TEXT   NOT NULL,
    item    TEXT   NOT NULL,             -- a hash of its ID
    content TEXT   NOT NULL,             -- a hash of what would be shown
    stored  INTEGER NOT NULL,            -- 1: there is a post
    seen_at BIGINT NOT NULL,             -- when it was last in the feed
    PRIMARY KEY (url, item)
);
CREATE INDEX feed_item_seen ON feed_item (seen_at);
