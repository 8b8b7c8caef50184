"""What people and their devices say to each other: values, their bytes, and who signed them.

It owns the application wrapper, every payload in it, the signatures of authors and of group
events, and the rules that a received payload must keep. It knows no encryption, no transport and
no chat: it gets bytes and gives values.
"""
