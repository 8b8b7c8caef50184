-- ---- history from mailservers (mail.stores); times are whole seconds of Unix time

-- `since_unix_s` is from when on a server is asked for what others answered, too.
CREATE TABLE mail_servers (
  server BLOB NOT NULL PRIMARY KEY,
  since_unix_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mail_topics (
  topic BLOB NOT NULL PRIMARY KEY,
  since_unix_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a server answered to the end; both seconds are included.
CREATE TABLE mail_covered (
  server BLOB NOT NULL,
  topic BLOB NOT NULL,
  from_unix_s INTEGER NOT NULL,
  to_unix_s INTEGER NOT NULL,
  PRIMARY KEY (server, topic, from_unix_s)
) STRICT, WITHOUT ROWID;

CREATE INDEX mail_covered_by_topic ON mail_covered (topic);

-- Where to go on; `topics` are four bytes each, one after the other.
CREATE TABLE mail_resumes (
  server BLOB NOT NULL PRIMARY KEY,
  topics BLOB NOT NULL,
  from_unix_s INTEGER NOT NULL,
  to_unix_s INTEGER NOT NULL,
  cursor BLOB NOT NULL
) STRICT, WITHOUT ROWID;
