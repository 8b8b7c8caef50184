-- ---- feeds between the devices of one person (chat.feed_stores)

-- The life of our own list of changes, and when an older copy took the place of this file.
CREATE TABLE feed_life (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  life BLOB NOT NULL DEFAULT x'',
  went_back_unix_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row for each record. AUTOINCREMENT, for a number must never be given twice; `stamps` are
-- times in milliseconds, separated by blanks.
CREATE TABLE changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  stamps TEXT NOT NULL,
  UNIQUE (kind, key)
) STRICT;

CREATE TABLE fed_devices (
  installation_id TEXT NOT NULL PRIMARY KEY,
  life BLOB NOT NULL,
  have INTEGER NOT NULL,
  said INTEGER NOT NULL,
  done INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What another device has although its place in the list is before it.
CREATE TABLE known_changes (
  number INTEGER NOT NULL REFERENCES changes ON DELETE CASCADE,
  installation_id TEXT NOT NULL,
  PRIMARY KEY (number, installation_id)
) STRICT, WITHOUT ROWID;
