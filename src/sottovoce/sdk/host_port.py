"""Where to listen, as people write it: ``host:port``."""

from sottovoce.base.errors import LocalProtocolError


def parse_host_port(text: str) -> tuple[str, int]:
    """Split ``host:port`` (IPv6 hosts in brackets).

    Raises:
        LocalProtocolError: It is not of that form.
    """
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    bare_ipv6 = ":" in host and not text.startswith("[")
    if not separator or not host or bare_ipv6 or not port.isascii() or not port.isdigit():
        raise LocalProtocolError(f"{text!r} is not HOST:PORT, for instance 127.0.0.1:30303")
    if int(port) > 0xFFFF:
        raise LocalProtocolError(f"{port} is not a port; ports end at 65535")
    return host, int(port)
