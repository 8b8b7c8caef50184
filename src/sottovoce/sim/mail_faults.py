"""What goes wrong in a month of history, drawn from a seed: with servers, and with clients."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.sim.mail_checkers import CLOCK_ERROR_S_MAX, ClientWatch
from sottovoce.sim.mail_client import SimulatedClient
from sottovoce.sim.mail_lies import Lie
from sottovoce.sim.mail_server import SimulatedServer
from sottovoce.sim.mail_world import EPOCH_UNIX_S, MailWorld
from sottovoce.sim.people_device import CrashPoint

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0

# How often in a month; of servers and clients each.
SERVER_CRASHES: Final = 5
SERVER_LAGS: Final = 4
ARCHIVE_LAGS: Final = 3
FULL_DISKS: Final = 3
BROKEN_ARCHIVES: Final = 2
CLIENT_CRASHES: Final = 12
CLOCK_STEPS: Final = 4
WRONG_CLOCKS: Final = 2
SUSPENSIONS: Final = 2
# A lie holds for some days, as a bad release of a server does.
LIE_S_MIN: Final = 0.5 * DAY_S
LIE_S_MAX: Final = 3 * DAY_S
SERVER_CLOCK_ERROR_S: Final = 10.0
DRIFT_S: Final = 20.0
YEAR_1970: Final = -EPOCH_UNIX_S + 100
YEAR_2038: Final = 2_147_483_000 - EPOCH_UNIX_S
YEAR_2106: Final = 4_294_967_000 - EPOCH_UNIX_S

FAULTS: Final = (
    "server crash",
    "slow server",
    "slow archive",
    "disk full",
    "archive refuses",
    "clock step",
    "clock back by an hour",
    "clock ahead by an hour",
    "year 1970",
    "year 2038",
    "year 2106",
    "suspended",
    "restart",
    "live loss",
    *(point.value for point in CrashPoint),
    *(lie.value for lie in Lie),
)


class MailFaults:
    """Plans faults.

    Args:
        world: The time.
        seed: Where they are drawn from.
        servers: All servers.
        clients: All clients, with whoever watches each.
        end_s: When all of them are over but lies.

    Attributes:
        on_resumed: Told which client is no longer suspended.
    """

    def __init__(
        self,
        world: MailWorld,
        seed: int,
        servers: Sequence[SimulatedServer],
        clients: Sequence[tuple[SimulatedClient, ClientWatch]],
        end_s: float,
    ) -> None:
        self._world: Final = world
        self._random: Final = Random(f"mail faults {seed}")  # noqa: S311
        self._servers: Final = servers
        self._clients: Final = clients
        self._end_s: Final = end_s
        self._over = False
        self.on_resumed: Callable[[SimulatedClient], None] = lambda _: None

    def plan(self) -> None:
        """Plan all of them."""
        for server in self._servers:
            server.ahead_s = self._random.uniform(-1, 1) * SERVER_CLOCK_ERROR_S
            self._often(SERVER_CRASHES, partial(self._crash_server, server))
            self._often(SERVER_LAGS, partial(self._slow_down, server))
            self._often(ARCHIVE_LAGS, partial(self._slow_archive, server))
            self._often(FULL_DISKS, partial(self._fill_disk, server))
            self._often(BROKEN_ARCHIVES, partial(self._break_archive, server))
            if server.liar is not None:
                self._lie_anew(server)
        for client, watch in self._clients:
            self._step_clock(client)
            self._often(CLIENT_CRASHES, partial(self._arm_crash, client))
            self._often(CLOCK_STEPS, partial(self._step_clock, client))
            self._often(WRONG_CLOCKS, partial(self._wrong_clock, client, watch))
            self._often(SUSPENSIONS, partial(self._suspend, client, watch))
        self._world.at(self._end_s, self._end)

    def _often(self, count: int, fault: Callable[[], None]) -> None:
        for _ in range(count):
            self._world.at(self._random.uniform(0.0, self._end_s), fault)

    def _fired(self, fault: str) -> None:
        self._world.faults[fault] += 1

    def _end(self) -> None:
        """Let everything be well but what liars say, and clocks that are a little wrong."""
        self._over = True
        for server in self._servers:
            server.full = server.broken = False
            server.lag_s = server.read_lag_s = server.write_lag_s = 0.0
            if not server.up:
                server.start()
        for client, watch in self._clients:
            client.crash_at = None
            if client.suspended:
                self._go_on(client, watch)
            self._small_error(client)

    # ---- servers

    def _crash_server(self, server: SimulatedServer) -> None:
        if not server.up:
            return
        self._fired("server crash")
        server.crash()
        pause_s = self._random.choice((MINUTE_S, HOUR_S, 6 * HOUR_S)) * self._random.random()
        self._world.after(pause_s, lambda: None if server.up else server.start())

    def _for_a_while(self, end: Callable[[], None], longest_s: float = 8 * HOUR_S) -> None:
        pause_s = self._random.choice((MINUTE_S, HOUR_S, longest_s)) * self._random.random()
        self._world.after(pause_s, end)

    def _slow_down(self, server: SimulatedServer) -> None:
        self._fired("slow server")
        server.lag_s = self._random.uniform(0.5, 12.0)

        def end() -> None:
            server.lag_s = 0.0

        self._for_a_while(end)

    def _slow_archive(self, server: SimulatedServer) -> None:
        self._fired("slow archive")
        server.read_lag_s = self._random.uniform(0.5, 12.0)
        server.write_lag_s = self._random.uniform(0.5, 12.0)

        def end() -> None:
            server.read_lag_s = server.write_lag_s = 0.0

        self._for_a_while(end)

    def _fill_disk(self, server: SimulatedServer) -> None:
        server.full = True

        def end() -> None:
            server.full = False

        self._for_a_while(end, longest_s=3 * HOUR_S)

    def _break_archive(self, server: SimulatedServer) -> None:
        server.broken = True

        def end() -> None:
            server.broken = False

        self._for_a_while(end, longest_s=3 * HOUR_S)

    def _lie_anew(self, server: SimulatedServer) -> None:
        assert server.liar is not None
        server.liar.lie = self._random.choice((None, *Lie))
        pause_s = self._random.uniform(LIE_S_MIN, LIE_S_MAX)
        self._world.after(pause_s, partial(self._lie_anew, server))

    # ---- clients

    def _arm_crash(self, client: SimulatedClient) -> None:
        client.crash_at = self._random.choice(tuple(CrashPoint))

    def _small_error(self, client: SimulatedClient) -> None:
        """Set a clock so that it stays within two minutes until the end."""
        month_s = self._end_s + DAY_S
        client.drift = self._random.uniform(-1, 1) * DRIFT_S / month_s
        bound_s = CLOCK_ERROR_S_MAX - DRIFT_S
        client.ahead_s = self._random.uniform(-1, 1) * bound_s

    def _step_clock(self, client: SimulatedClient) -> None:
        if abs(client.ahead_s) <= CLOCK_ERROR_S_MAX:
            self._fired("clock step")
            self._small_error(client)

    def _wrong_clock(self, client: SimulatedClient, watch: ClientWatch) -> None:
        if self._over or abs(client.ahead_s) > CLOCK_ERROR_S_MAX:
            return
        fault, ahead_s, for_s_max = self._random.choice(
            (
                ("clock back by an hour", -HOUR_S, DAY_S),
                ("clock ahead by an hour", HOUR_S, DAY_S),
                ("year 1970", YEAR_1970, DAY_S),
                ("year 2038", YEAR_2038, DAY_S),
                ("year 2106", YEAR_2106, DAY_S),
            )
        )
        self._fired(fault)
        client.ahead_s = ahead_s
        for_s = self._random.random() * for_s_max
        if ahead_s == HOUR_S:
            watch.clock_is_ahead(self._world.now_s + for_s, ahead_s)
        self._world.after(for_s, lambda: self._small_error(client))

    def _suspend(self, client: SimulatedClient, watch: ClientWatch) -> None:
        if not client.up or client.suspended or self._over:
            return
        self._fired("suspended")
        client.suspend()
        pause_s = self._random.choice((MINUTE_S, HOUR_S, 3 * DAY_S)) * self._random.random()
        self._world.after(pause_s, partial(self._go_on, client, watch))

    def _go_on(self, client: SimulatedClient, watch: ClientWatch) -> None:
        if client.suspended:
            watch.resumed()
            client.resume()
            self.on_resumed(client)
