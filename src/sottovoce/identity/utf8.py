"""The UTF-8 form of a text that may be a secret.

Python's own error holds the whole text, and stays in the chain of whatever is raised while it is
handled. Here a text without that form is an outcome, so that the error of whoever asked stands
alone.

Spec: RFC 3629, section 3 (surrogates have no UTF-8 form).
"""


def utf8(text: str) -> bytes | None:
    """Return the text's bytes, or None if half of a surrogate pair is in it."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None
