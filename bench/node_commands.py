"""How nodes of each kind are started: all as plain relays that take envelopes of nearly no work."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.options import OURS
from sottovoce.crypto import secp256k1
from sottovoce.mail.mailserver import DEFAULT_PASSWORD

_MINIMUM_POW: Final = 1e-7
_PEERS_MAX: Final = 110
_PACKET_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class NodeSetup:
    """What one node is started with.

    Attributes:
        program: The peer's program; None for our own node.
        port: Where it listens.
        rpc_port: Where ``statusd`` answers questions.
        node_key: Its private key, hexadecimal; fresh, so that no other node is mistaken for it.
        before: The enode of the node that it connects to, or None.
        folder: Where it may write.
        settings: Settings of our own node, by their names in `bench.node_under_test`; a
            ``statusd`` with ``serves_mail`` is a mailserver, and one with ``waku`` speaks that
            instead of Whisper.
    """

    program: Path | None
    port: int
    rpc_port: int
    node_key: str
    before: str | None
    folder: Path
    settings: Mapping[str, float | str]

    @property
    def enode(self) -> str:
        """The enode URL that follows from key and port."""
        key = secp256k1.private_key(bytes.fromhex(self.node_key))
        return f"enode://{secp256k1.public_key(key).raw.hex()}@127.0.0.1:{self.port}"


def command(name: str, setup: NodeSetup) -> list[str]:
    """Return the command line of a node of a kind: `OURS`, ``wnode`` or ``statusd``."""
    return _COMMANDS[name](setup)


def _ours(setup: NodeSetup) -> list[str]:
    chosen = {
        "port": setup.port,
        "before": setup.before,
        "node_key": setup.node_key,
        "minimum_pow": _MINIMUM_POW,
        "peers_max": _PEERS_MAX,
        **setup.settings,
    }
    return [sys.executable, "-m", "bench.node_under_test", json.dumps(chosen)]


def _wnode(setup: NodeSetup) -> list[str]:
    key = setup.folder / "key"
    key.write_text(setup.node_key, encoding="ascii")
    linked = ["-standalone"] if setup.before is None else ["-boot", setup.before]
    where = ["-ip", f"127.0.0.1:{setup.port}", "-idfile", str(key)]
    limits = ["-pow", f"{_MINIMUM_POW:.7f}", "-verbosity", "1"]
    return [str(setup.program), *linked, "-forwarder", *where, *limits]


def _statusd(setup: NodeSetup) -> list[str]:
    data = setup.folder / "data"
    mail = {
        "EnableMailServer": True,
        "DataDir": str(data / "mail"),
        "MailServerPassword": DEFAULT_PASSWORD,
        "MailServerDataRetention": 0,
    }
    world = {
        "LightClient": False,
        "MinimumPoW": _MINIMUM_POW,
        "TTL": 120,
        "MaxMessageSize": _PACKET_BYTES_MAX,
        **(mail if setup.settings.get("serves_mail") else {}),
    }
    speaks_waku = bool(setup.settings.get("waku"))
    config = {
        "NetworkId": 3,
        "NoDiscovery": True,
        "Rendezvous": False,
        "ListenAddr": f"127.0.0.1:{setup.port}",
        "AdvertiseAddr": "127.0.0.1",
        "NodeKey": setup.node_key,
        "Name": "bench",
        "HTTPEnabled": True,
        "HTTPHost": "127.0.0.1",
        "HTTPPort": setup.rpc_port,
        "HTTPVirtualHosts": ["127.0.0.1"],
        "APIModules": "shh",
        "EnableNTPSync": False,
        "EnableStatusService": False,
        "MaxPeers": _PEERS_MAX,
        "MaxPendingPeers": _PEERS_MAX,
        "LogEnabled": True,
        "LogLevel": "ERROR",
        "LogToStderr": True,
        "UpstreamConfig": {"Enabled": False},
        "LightEthConfig": {"Enabled": False},
        "ClusterConfig": {
            "Enabled": True,
            "StaticNodes": [] if setup.before is None else [setup.before],
            "BootNodes": [],
            "TrustedMailServers": [],
            "RendezvousNodes": [],
        },
        "WhisperConfig": {**world, "Enabled": not speaks_waku},
        "WakuConfig": {**world, "Enabled": speaks_waku},
        "BridgeConfig": {"Enabled": False},
        "ShhextConfig": {"PFSEnabled": False},
    }
    path = setup.folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    # An empty fleet: else it would load public nodes and look for them.
    where = ["-fleet", "", "-c", str(path), "-dir", str(data)]
    return [str(setup.program), *where]


_COMMANDS: Final[Mapping[str, Callable[[NodeSetup], list[str]]]] = {
    OURS: _ours,
    "wnode": _wnode,
    "statusd": _statusd,
}
