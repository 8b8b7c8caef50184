"""History: requests and replies of mailservers. It speaks envelopes and knows no chats."""
