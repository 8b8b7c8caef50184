-- Whether a mailserver has what a message of our own in a group was to one of its members.
ALTER TABLE recipients ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
