"""``sottovoce sim spam``: the table, the lines of JSON and the plot of floods of one topic."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from sottovoce.cli.output import Output
from sottovoce.cli.progress import ProgressBar
from sottovoce.cli.sim_plots import check_plot, draw_spam
from sottovoce.gossip.proof_of_work import search
from sottovoce.sim.spam_experiment import MINIMUM_POW, SpamLine, SpamResult, SpamSettings, run_spam

# A search that finds nothing: as many bits as no nonce reaches, and tries for a fifth of a second.
_MEASURED_BITS: Final = 200
_MEASURED_TRIES: Final = 100_000
_MEASURED_PREFIX: Final = bytes(512)

_ATTACKER: Final = ("work    limits          sent  arrive   CPU ms   bytes  thrown out",)
_VICTIMS: Final = (
    "                     names topics      bloom filter    honest arrive",
    "work    limits       env./s   kB/s    env./s   kB/s    topic  others  pool kB",
)
_THOUSAND: Final = 1000


def measured_hashes_per_s() -> float:
    """Return how many nonces the search of the program tries in a second on this processor."""
    started_s = time.perf_counter()
    search(_MEASURED_PREFIX, _MEASURED_BITS, 0, _MEASURED_TRIES)
    return _MEASURED_TRIES / (time.perf_counter() - started_s)


def print_spam(settings: SpamSettings, plot: Path | None, *, as_json: bool) -> None:
    """Play all attacks, print a line for each, and draw them if that is wanted."""
    output = Output(as_json=as_json)
    if plot is not None:
        check_plot(plot)
    with ProgressBar() as bar:
        result = run_spam(settings, bar.show)
    if as_json:
        for line in result.lines:
            output.result("", hashes_per_s=settings.hashes_per_s, **asdict(line))
    else:
        for text in spam_table(result):
            output.result(text)
    if plot is not None:
        draw_spam(result, plot)
        output.talk(f"drawn into {plot}")


def spam_table(result: SpamResult) -> list[str]:
    """Return the lines that people read."""
    settings = result.settings
    return [
        f"One attacker for {settings.attack_s:g} s: {settings.hashes_per_s:,.0f} hashes/s, a line "
        f"of {settings.line_bytes_per_s / _THOUSAND:g} kB/s.",
        f"The network asks for work of {MINIMUM_POW:g}.",
        "",
        "the attacker",
        *_ATTACKER,
        *(_attacker_row(line) for line in result.lines),
        "",
        "two victims, and the network",
        *_VICTIMS,
        *(_victims_row(line) for line in result.lines),
        "",
        *_notes(settings),
    ]


def _case(line: SpamLine) -> str:
    return f"{line.pow_target:<6g}  {line.limits:<12}"


def _attacker_row(line: SpamLine) -> str:
    cpu = bytes_each = "-"
    if line.cpu_s_per_delivered is not None and line.bytes_per_delivered is not None:
        cpu = f"{line.cpu_s_per_delivered * _THOUSAND:.3f}"
        bytes_each = f"{line.bytes_per_delivered:,.0f}"
    return (
        f"{_case(line)}  {line.sent:>6}  {line.delivered:>6}  {cpu:>7}  {bytes_each:>6}  "
        f"{line.connections_ended:>10}"
    )


def _victims_row(line: SpamLine) -> str:
    return (
        f"{_case(line)} {line.victim_envelopes_per_s:>6.1f} "
        f"{line.victim_bytes_per_s / _THOUSAND:>6.1f}    {line.bloom_envelopes_per_s:>6.1f} "
        f"{line.bloom_bytes_per_s / _THOUSAND:>6.1f}   {line.honest_share:>6.0%}  "
        f"{line.other_share:>6.0%}  {line.pool_bytes / _THOUSAND:>7.0f}"
    )


def _notes(settings: SpamSettings) -> list[str]:
    """Say what the columns count, and what was not modelled."""
    pool = f"{settings.pool_bytes_max / _THOUSAND:,.0f} kB"
    return [
        "CPU and bytes are the attacker's, for each envelope that came to the victim who",
        "names its topics. Below the network's work only luck gets through: some nonces",
        "are worth more than was aimed at. Whoever is thrown out comes back after half a",
        "minute. What victims receive includes honest messages; these are counted on the",
        "flooded topic and on another one. Pool: the fullest a relay's was. A full one",
        f"refuses the least work: here from {pool} on, as a node's 64 MB does under",
        "64 such attackers.",
        "Not modelled: processors and lines of relays and victims (they take everything",
        "at once), more than one attacker or address, faster hashing, batteries.",
    ]
