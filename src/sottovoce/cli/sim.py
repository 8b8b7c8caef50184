"""``sottovoce sim``: what a choice costs, answered by the node code in a simulated network.

A verb is one function here; what it prints is in a module `sim_<verb>`, the experiment itself in
`sottovoce.sim`.
"""

from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli.options import Json
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Ask what a choice costs; the node code answers in a simulated network.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Seed = Annotated[int, typer.Option(min=0, help="Everything random follows from it.")]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Draw it into this file, .png or .svg; needs the extra `sim`."
    ),
]


@app.command()
@verb
def light(
    *,
    count: Annotated[
        int, typer.Option(min=0, max=100_000, help="How many envelopes on random topics.")
    ] = 10_000,
    seed: Seed = 1,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """What a light node receives, by what it announces.

    The networks are those of a measurement that was published in 2020; its figures are beside ours.
    """
    from sottovoce.cli.sim_light import print_light
    from sottovoce.sim.light_experiment import LightSettings

    print_light(LightSettings(seed=seed, count=count), plot, as_json=as_json)


@app.command()
@verb
def model(
    *,
    simulation: Annotated[
        bool,
        typer.Option(
            "--simulation/--no-simulation",
            help="Play each case with 100 nodes for a virtual hour, too; takes some minutes.",
        ),
    ] = True,
    seed: Seed = 1,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Bytes that one node receives in a day, in the eight cases of Whisper's scaling model."""
    from sottovoce.cli.sim_model import print_model
    from sottovoce.sim.model_experiment import SIMULATED_USERS, ModelSettings

    users = SIMULATED_USERS if simulation else None
    print_model(ModelSettings(seed=seed, simulated_users=users), plot, as_json=as_json)


@app.command()
@verb
def spam(
    *,
    hashes_per_s: Annotated[
        float | None,
        typer.Option(
            "--hashes-per-s",
            min=1.0,
            max=1e12,
            help="What the attacker's processor tries in a second; without it, what this one does.",
        ),
    ] = None,
    seed: Seed = 1,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """What it costs to flood one topic and what the victim pays, by work and by limits."""
    from sottovoce.cli.sim_spam import measured_hashes_per_s, print_spam
    from sottovoce.sim.spam_experiment import SpamSettings

    settings = SpamSettings(hashes_per_s or measured_hashes_per_s(), seed)
    print_spam(settings, plot, as_json=as_json)


@app.command()
@verb
def topics(*, seed: Seed = 1, plot: Plot = None, as_json: Json = False) -> None:
    """What one topic costs, and what many show.

    First what people receive if private messages share one topic, 5000, or have one for each pair;
    then what a peer reads out of what a person with such topics announces.
    """
    from sottovoce.cli.sim_topics import print_topics
    from sottovoce.sim.topics_experiment import TopicsSettings

    print_topics(TopicsSettings(seed=seed), plot, as_json=as_json)
