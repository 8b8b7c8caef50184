-- Keys are the raw bytes: 64 of a public key, 33 of a compressed one, 32 of an id or a secret.
-- Times are whole seconds or milliseconds of Unix time, as the column's name says.

-- What the file system said of the mark of the last opening (adapters.sqlite.opening).
CREATE TABLE opening (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  mark TEXT NOT NULL
) STRICT;

-- ---- secrecy (secure.stores)

CREATE TABLE own_prekeys (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  record BLOB NOT NULL
) STRICT;

-- `stranger` grows with every saving; it is NULL for those who are no strangers.
CREATE TABLE identities (
  identity BLOB NOT NULL UNIQUE,
  record BLOB NOT NULL,
  stranger INTEGER
) STRICT;

CREATE INDEX strangers_by_age ON identities (stranger) WHERE stranger IS NOT NULL;

-- A session has keys before it has its first record.
CREATE TABLE sessions (
  session INTEGER PRIMARY KEY,
  peer BLOB NOT NULL,
  prekey BLOB NOT NULL,
  installation_id TEXT NOT NULL,
  record BLOB,
  UNIQUE (peer, prekey, installation_id)
) STRICT;

CREATE TABLE message_keys (
  session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
  ratchet_key BLOB NOT NULL,
  n INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY (session, ratchet_key, n)
) STRICT, WITHOUT ROWID;

-- The oldest keys of a session are given up first.
CREATE INDEX message_keys_by_age ON message_keys (session, sequence);

CREATE TABLE ended_chains (
  place INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
  ratchet_key BLOB NOT NULL,
  UNIQUE (session, ratchet_key)
) STRICT;

CREATE INDEX ended_chains_by_age ON ended_chains (session);

-- ---- data sync (sync.stores); the order of adding is the order of `place`

CREATE TABLE waiting (
  place INTEGER PRIMARY KEY,
  peer BLOB NOT NULL,
  message_id BLOB NOT NULL,
  type INTEGER NOT NULL,
  send_count INTEGER NOT NULL,
  group_id BLOB NOT NULL,
  timestamp_s INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (peer, message_id)
) STRICT;

-- What came from peers that get an answer, and from those that get none; the oldest of a peer are
-- forgotten first.
CREATE TABLE received (
  place INTEGER PRIMARY KEY,
  peer BLOB NOT NULL,
  message_id BLOB NOT NULL,
  UNIQUE (peer, message_id)
) STRICT;

CREATE INDEX received_by_age ON received (peer);

CREATE TABLE received_of_strangers (
  place INTEGER PRIMARY KEY,
  peer BLOB NOT NULL,
  message_id BLOB NOT NULL,
  UNIQUE (peer, message_id)
) STRICT;

CREATE INDEX received_of_strangers_by_age ON received_of_strangers (peer);

-- ---- the stack (stack.stores)

CREATE TABLE submissions (
  place INTEGER PRIMARY KEY,
  message_id BLOB NOT NULL,
  destination_kind TEXT NOT NULL CHECK (
    destination_kind IN (
      'public', 'contact', 'own devices', 'own devices once', 'every own device'
    )
  ),
  destination BLOB NOT NULL,
  submitted_unix_s INTEGER NOT NULL,
  raw BLOB NOT NULL,
  sync_id BLOB,
  UNIQUE (message_id, destination_kind, destination)
) STRICT;

CREATE TABLE name_keys (
  name TEXT NOT NULL PRIMARY KEY,
  key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- chats (chat.stores)

CREATE TABLE profile (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  ens_name TEXT NOT NULL,
  picture TEXT NOT NULL,
  clock INTEGER NOT NULL
) STRICT;

CREATE TABLE contacts (
  key BLOB NOT NULL UNIQUE,
  added INTEGER NOT NULL,
  requested INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  nickname TEXT NOT NULL,
  ens_name TEXT NOT NULL,
  picture TEXT NOT NULL,
  updated_clock INTEGER NOT NULL,
  told_clock INTEGER NOT NULL
) STRICT;

-- A short number in the place of an id of 132 characters; a message may come before its chat.
CREATE TABLE chat_numbers (
  chat INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE chats (
  chat INTEGER PRIMARY KEY REFERENCES chat_numbers ON DELETE CASCADE,
  kind TEXT NOT NULL,
  active INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  muted INTEGER NOT NULL,
  last_clock INTEGER NOT NULL,
  deleted_at_clock INTEGER NOT NULL,
  read_at_clock INTEGER NOT NULL,
  unread_count INTEGER NOT NULL,
  last_message_unix_ms INTEGER NOT NULL,
  held_bytes INTEGER NOT NULL,
  older_clock INTEGER NOT NULL,
  older_bytes INTEGER NOT NULL,
  name TEXT NOT NULL
) STRICT;

-- `words` are those of the text as `chat.search_words` finds them, separated by blanks.
CREATE TABLE messages (
  message INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  chat INTEGER NOT NULL REFERENCES chat_numbers,
  author BLOB NOT NULL,
  clock INTEGER NOT NULL,
  written_unix_ms INTEGER NOT NULL,
  kept_unix_ms INTEGER NOT NULL,
  content_type INTEGER NOT NULL,
  text TEXT NOT NULL,
  words TEXT NOT NULL,
  response_to TEXT NOT NULL,
  ens_name TEXT NOT NULL,
  own INTEGER NOT NULL,
  secrecy TEXT,
  state TEXT NOT NULL,
  peer_count INTEGER NOT NULL,
  reason TEXT NOT NULL,
  recipient_count INTEGER NOT NULL,
  acknowledged_count INTEGER NOT NULL
) STRICT;

-- The order of history; the last two are in it so that unread messages are counted in the index alone.
CREATE INDEX messages_by_place ON messages (chat, clock, id, own, content_type);

-- The large parts of a message, apart from what changes with its state.
CREATE TABLE enclosures (
  message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
  attachment_kind TEXT CHECK (attachment_kind IN ('sticker', 'image', 'audio')),
  number INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  attachment BLOB NOT NULL,
  raw BLOB NOT NULL
) STRICT;

CREATE TABLE reactions (
  message_id BLOB NOT NULL,
  author BLOB NOT NULL,
  type INTEGER NOT NULL,
  chat INTEGER NOT NULL REFERENCES chat_numbers,
  clock INTEGER NOT NULL,
  retracted INTEGER NOT NULL,
  PRIMARY KEY (message_id, author, type)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_by_chat ON reactions (chat);

-- To whom a message of our own in a group went.
CREATE TABLE recipients (
  message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
  place INTEGER NOT NULL,
  key BLOB NOT NULL,
  acknowledged INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (message, key)
) STRICT, WITHOUT ROWID;

-- Events as they were signed; a group's history is never written anew.
CREATE TABLE group_events (
  event INTEGER PRIMARY KEY,
  chat INTEGER NOT NULL REFERENCES chat_numbers ON DELETE CASCADE,
  author BLOB NOT NULL,
  signature BLOB NOT NULL UNIQUE,
  raw BLOB NOT NULL
) STRICT;

CREATE INDEX group_events_by_chat ON group_events (chat);

-- What the events make of a group, for readers; people are keys of 64 bytes, one after the other.
CREATE TABLE groups (
  chat INTEGER PRIMARY KEY REFERENCES chat_numbers ON DELETE CASCADE,
  name TEXT NOT NULL,
  members BLOB NOT NULL,
  joined BLOB NOT NULL,
  admins BLOB NOT NULL,
  event_count INTEGER NOT NULL
) STRICT;

-- Devices of our own, this one included.
CREATE TABLE devices (
  place INTEGER PRIMARY KEY,
  installation_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  is_this INTEGER NOT NULL,
  clock INTEGER NOT NULL
) STRICT;

-- The index of words. What is taken out of it has to be named exactly, so it is read from `words`.
CREATE VIRTUAL TABLE message_words USING fts5 (
  words, content='messages', content_rowid='message', columnsize=0, tokenize='ascii'
);

-- What it holds.
INSERT INTO own_prekeys (only, record) VALUES
  (1, X'6F776E');
INSERT INTO identities (identity, record, stranger) VALUES
  (X'037070707070707070707070707070707070707070707070707070707070707070', X'6964656E74697479', 1);
INSERT INTO sessions (session, peer, prekey, installation_id, record) VALUES
  (1, X'030000000000000000000000000000000000000000000000000000000000000000', X'020000000000000000000000000000000000000000000000000000000000000001', 'phone', X'7265636F7264');
INSERT INTO message_keys (session, ratchet_key, n, sequence, key) VALUES
  (1, X'026363636363636363636363636363636363636363636363636363636363636363', 7, 7, X'0000000000000000000000000000000000000000000000000000000000000007');
INSERT INTO ended_chains (place, session, ratchet_key) VALUES
  (1, 1, X'026363636363636363636363636363636363636363636363636363636363636363');
INSERT INTO waiting (place, peer, message_id, type, send_count, group_id, timestamp_s, body) VALUES
  (1, X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001', X'7777777777777777777777777777777777777777777777777777777777777777', 0, 0, X'6767676767676767676767676767676767676767676767676767676767676767', 5, X'626F6479');
INSERT INTO received (place, peer, message_id) VALUES
  (1, X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001', X'7272727272727272727272727272727272727272727272727272727272727272');
INSERT INTO received_of_strangers (place, peer, message_id) VALUES
  (1, X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002', X'7373737373737373737373737373737373737373737373737373737373737373');
INSERT INTO submissions (place, message_id, destination_kind, destination, submitted_unix_s, raw, sync_id) VALUES
  (1, X'0000000000000000000000000000000000000000000000000000000000000001', 'contact', X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001', 5, X'726177', NULL);
INSERT INTO name_keys (name, key) VALUES
  ('lobby', X'6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B6B');
INSERT INTO profile (only, ens_name, picture, clock) VALUES
  (1, 'anna.eth', '', 0);
INSERT INTO contacts (key, added, requested, blocked, verified, nickname, ens_name, picture, updated_clock, told_clock) VALUES
  (X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002', 0, 0, 0, 0, 'Bruno', '', '', 0, 0);
INSERT INTO chat_numbers (chat, id) VALUES
  (1, 'lobby');
INSERT INTO chats (chat, kind, active, accepted, muted, last_clock, deleted_at_clock, read_at_clock, unread_count, last_message_unix_ms, held_bytes, older_clock, older_bytes, name) VALUES
  (1, 'public', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '');
INSERT INTO messages (message, id, chat, author, clock, written_unix_ms, kept_unix_ms, content_type, text, words, response_to, ens_name, own, secrecy, state, peer_count, reason, recipient_count, acknowledged_count) VALUES
  (1, X'0000000000000000000000000000000000000000000000000000000000000001', 1, X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001', 1, 1001, 2002, 1, 'hello old friend', 'hello old friend', '', '', 0, 'public', 'received', 0, '', 0, 0);
INSERT INTO reactions (message_id, author, type, chat, clock, retracted) VALUES
  (X'0000000000000000000000000000000000000000000000000000000000000001', X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000005', 1, 1, 1, 0);
INSERT INTO message_words (rowid, words) SELECT message, words FROM messages;
PRAGMA application_id = 1936684148;
PRAGMA user_version = 1;
