"""The package's own names: what a program imports, and what that costs."""

import ast
import inspect
import subprocess
import sys

import pytest

import sottovoce
from sottovoce.base.errors import SottovoceError

# Loading any of these would make `import sottovoce` and `sottovoce --version` slow.
HEAVY = (
    "apsw", "asyncio", "coincurve", "cramjam", "cryptography", "google.protobuf", "segno", "sha3",
    "sottovoce.app", "sottovoce.chat", "sottovoce.node", "sottovoce.sdk", "sqlite3",
)  # fmt: skip
# What draws the command line is of no use to a program.
OF_THE_COMMAND_LINE = ("click", "rich", "typer", "sottovoce.cli.main")


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_import_loads_nothing_heavy() -> None:
    loaded = loaded_by("import sottovoce")
    assert "sottovoce" in loaded
    assert loaded.isdisjoint((*HEAVY, *OF_THE_COMMAND_LINE))


def test_version_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "from sottovoce.cli.main import app\napp(['--version'], standalone_mode=False)"
    )
    assert "sottovoce.cli.main" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_public_names_are_those_that_we_promise_to_keep() -> None:
    assert sottovoce.__all__ == [
        "ApplicationSettings", "Bot", "BotMessage", "Channel", "ChannelMessage", "Chat",
        "ChatChanged", "ChatKind", "Client", "ClientClosedError", "ConnectError", "Contact",
        "ContactChanged", "ContactDeviceAdded", "ContactRequested", "ControlClient", "ControlError",
        "DataBudgetChanged", "Device", "DeviceChanged", "DutyCycle", "EventsMissed", "FetchDone",
        "GossipSettings", "Group", "GroupChanged", "GroupInvited", "GroupNoteAdded",
        "HistoryFetched", "HistoryProgress", "Interest", "LocalProtocolError", "MailserversChanged",
        "Message", "MessageReceived", "MessageState", "MessageStateChanged", "MessageWritten",
        "Messenger", "MessengerPort", "NodeSettings", "NodeTraffic", "NotDeliveredError",
        "NotSentError", "PeerEvent", "PeerInfo", "PostError", "Profile", "Reaction",
        "ReactionChanged", "ReactionType", "Recipient", "RefusedError", "Secrecy", "SentMessage",
        "ServerState", "ServerStatus", "SottovoceError", "StackSettings", "Statistics",
        "StickerMessage", "StorageTrouble", "StoreRefusedError", "Subscription", "TrafficReport",
        "Transport", "UnknownNameError",
    ]  # fmt: skip


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(inspect.getsource(sottovoce))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == sottovoce._HOMES


def test_what_a_client_is_made_of_has_public_names() -> None:
    settings = sottovoce.ApplicationSettings(
        listen=None,
        node=sottovoce.NodeSettings(peers_max=1),
        gossip=sottovoce.GossipSettings(minimum_pow=0.2),
    )
    assert sottovoce.Client(settings=settings).enode is None


def test_every_public_name_can_be_reached() -> None:
    for name in sottovoce.__all__:
        assert getattr(sottovoce, name).__name__ == name
    assert set(sottovoce.__all__) <= set(dir(sottovoce))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clients'"):
        sottovoce.Clients  # noqa: B018


def test_every_public_error_has_the_one_root() -> None:
    errors = [getattr(sottovoce, name) for name in sottovoce.__all__ if name.endswith("Error")]
    assert len(errors) >= 5
    assert all(issubclass(error, SottovoceError) for error in errors)
