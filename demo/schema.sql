-- A small, simple forum in SQLite: the sample forum of `postrider demo`,
-- and an example for custom forums. The queries that read it are in source/sample.sql.
--
-- All times are Unix seconds, UTC. Titles and names are plain text, never HTML. Bodies are BBCode.

CREATE TABLE category (
	id    INTEGER PRIMARY KEY,
	title TEXT    NOT NULL,
	place INTEGER NOT NULL              -- order on the front page, ascending
);

CREATE TABLE section (
	id          INTEGER PRIMARY KEY,
	category_id INTEGER NOT NULL REFERENCES category (id),
	title       TEXT    NOT NULL,
	about       TEXT    NOT NULL,       -- one line under the title
	place       INTEGER NOT NULL        -- order over all categories, ascending
);

-- A role has permissions. Each member has exactly one role. A member who is not active counts as a guest.
CREATE TABLE role (
	id   INTEGER PRIMARY KEY,           -- 1: guests
	name TEXT    NOT NULL UNIQUE        -- 'guest', 'member', 'steward'
);

-- No row: the role may not read the section at all.
CREATE TABLE permission (
	role_id    INTEGER NOT NULL REFERENCES role (id),
	section_id INTEGER NOT NULL REFERENCES section (id),
	reads      TEXT    NOT NULL CHECK (reads IN ('all', 'own')), -- 'own': only threads that the member started
	PRIMARY KEY (role_id, section_id)
) WITHOUT ROWID;

CREATE TABLE member (
	id         INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL UNIQUE,
	email      TEXT    NOT NULL,        -- may be empty
	zone       TEXT    NOT NULL,        -- IANA name; empty: unknown
	locale     TEXT    NOT NULL,        -- BCP 47 tag; empty: unknown
	role_id    INTEGER NOT NULL REFERENCES role (id),
	title      TEXT    NOT NULL,        -- shown below the name
	joined_at  INTEGER NOT NULL,
	state      TEXT    NOT NULL CHECK (state IN ('active', 'unconfirmed', 'awaiting', 'rejected', 'bouncing', 'disabled', 'banned')),
	wants_mail INTEGER NOT NULL CHECK (wants_mail IN (0, 1))
);

-- What members chose about the forum's own digests. Most have no row.
CREATE TABLE digest_setting (
	member_id INTEGER PRIMARY KEY REFERENCES member (id),
	choice    TEXT    NOT NULL -- "weekly", "daily 7", "off"
);

CREATE TABLE badge (
	member_id INTEGER NOT NULL REFERENCES member (id),
	place     INTEGER NOT NULL,
	label     TEXT    NOT NULL,
	PRIMARY KEY (member_id, place)
) WITHOUT ROWID;

-- A thread with moved_to is a redirect: it is in the section that the thread was moved from, and has no posts.
CREATE TABLE thread (
	id            INTEGER PRIMARY KEY,
	section_id    INTEGER NOT NULL REFERENCES section (id),
	title         TEXT    NOT NULL,
	starter_id    INTEGER NOT NULL,     -- 0: a guest
	starter_name  TEXT    NOT NULL,
	started_at    INTEGER NOT NULL,
	first_post_id INTEGER NOT NULL,     -- 0: a redirect
	state         TEXT    NOT NULL CHECK (state IN ('visible', 'moderated', 'deleted')),
	moved_to      INTEGER REFERENCES thread (id)
);
CREATE INDEX thread_section ON thread (section_id);

CREATE TABLE post (
	id          INTEGER PRIMARY KEY,    -- ascending with time, except for moved or imported posts
	thread_id   INTEGER NOT NULL REFERENCES thread (id),
	author_id   INTEGER NOT NULL,       -- 0: a guest or a deleted account
	author_name TEXT    NOT NULL,       -- the author's name when the post was written
	posted_at   INTEGER NOT NULL,
	edited_at   INTEGER NOT NULL,       -- 0: never
	state       TEXT    NOT NULL CHECK (state IN ('visible', 'moderated', 'deleted')),
	body        TEXT    NOT NULL
);
CREATE INDEX post_thread ON post (thread_id, posted_at, id);
CREATE INDEX post_posted ON post (posted_at);
CREATE INDEX post_author ON post (author_id, thread_id);

CREATE TABLE post_like (
	post_id   INTEGER NOT NULL REFERENCES post (id),
	member_id INTEGER NOT NULL REFERENCES member (id),
	liked_at  INTEGER NOT NULL,
	PRIMARY KEY (post_id, member_id)
) WITHOUT ROWID;

CREATE TABLE section_watch (
	member_id  INTEGER NOT NULL REFERENCES member (id),
	section_id INTEGER NOT NULL REFERENCES section (id),
	level      TEXT    NOT NULL CHECK (level IN ('threads', 'posts')), -- opening posts only, or every post
	mail       INTEGER NOT NULL CHECK (mail IN (0, 1)),                -- 0: only listed under "watched"
	PRIMARY KEY (member_id, section_id)
) WITHOUT ROWID;

CREATE TABLE thread_watch (
	member_id INTEGER NOT NULL REFERENCES member (id),
	thread_id INTEGER NOT NULL REFERENCES thread (id),
	mail      INTEGER NOT NULL CHECK (mail IN (0, 1)),
	PRIMARY KEY (member_id, thread_id)
) WITHOUT ROWID;

CREATE TABLE ignored (
	member_id  INTEGER NOT NULL REFERENCES member (id),
	ignored_id INTEGER NOT NULL REFERENCES member (id),
	PRIMARY KEY (member_id, ignored_id)
) WITHOUT ROWID;

-- The member has read everything up to read_at, including that second.
CREATE TABLE thread_read (
	member_id INTEGER NOT NULL REFERENCES member (id),
	thread_id INTEGER NOT NULL REFERENCES thread (id),
	read_at   INTEGER NOT NULL,
	PRIMARY KEY (member_id, thread_id)
) WITHOUT ROWID;

CREATE TABLE section_read (
	member_id  INTEGER NOT NULL REFERENCES member (id),
	section_id INTEGER NOT NULL REFERENCES section (id),
	read_at    INTEGER NOT NULL,
	PRIMARY KEY (member_id, section_id)
) WITHOUT ROWID;
