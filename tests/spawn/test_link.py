"""Links: frames between real processes, in order, whatever happens to either end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import multiprocess
import pytest

from gostage._spawn.link import Link, LinkLost
from gostage._spawn.stream import PacketStream, SocketStream
from gostage._spawn.wire import FROM_CHILD, WireError, encode

if TYPE_CHECKING:
    from gostage._spawn.stream import Connection

FORK = multiprocess.get_context("fork")
MEGABYTE = 1_000_000


class Packets:
    """A connection that is no socket: two pipes, one for each direction."""

    def __init__(self, receiver, sender) -> None:
        self._receiver, self._sender = receiver, sender
        self.recv_bytes, self.poll = receiver.recv_bytes, receiver.poll
        self.send_bytes, self.fileno = sender.send_bytes, sender.fileno

    def close(self) -> None:
        self._receiver.close()
        self._sender.close()


def sockets() -> tuple[Connection, Connection]:
    return multiprocess.Pipe()


def packets() -> tuple[Connection, Connection]:
    (here, there), (far, near) = multiprocess.Pipe(duplex=False), multiprocess.Pipe(duplex=False)
    return Packets(here, near), Packets(far, there)


@pytest.fixture(params=[sockets, packets], ids=["socket", "packets"])
def ends(request) -> Iterator[tuple[Connection, Connection]]:
    """Both ends of a connection of either sort."""
    pair = request.param()
    yield pair
    for each in pair:
        with suppress(OSError):
            each.close()


@pytest.fixture
def pair(ends) -> Iterator[tuple[Link, Link]]:
    """A link and its other end, both in this process."""
    one, other = (Link(each) for each in ends)
    yield one, other
    one.close()
    other.close()


@contextmanager
def child(ends, work: Callable[[Connection], object]) -> Iterator[Link]:
    """Have a forked process work at one end; gives the other."""
    here, there = ends

    def go() -> None:
        here.close()
        work(there)

    process = FORK.Process(target=go)
    process.start()
    there.close()
    link = Link(here)
    try:
        yield link
    finally:
        link.close()
        process.join(20)
        assert process.exitcode is not None
        process.close()


def number(frame) -> int:
    """The number in an `ack`."""
    assert frame is not None
    kind, data = frame
    assert kind == "ack"
    return data["n"]


def everything(link: Link) -> list:
    """All frames until the other end is gone."""
    frames = []
    with suppress(LinkLost):
        while True:
            frames.append(link.receive(20))
    return frames


def test_the_ends_of_a_pipe_are_taken_for_what_they_are(ends) -> None:
    """A socket is read and written without detours."""
    here, _ = ends
    link = Link(here)

    assert type(link._stream) is (PacketStream if isinstance(here, Packets) else SocketStream)
    link.close()


class TestOrder:
    """Frames arrive as they were sent."""

    def test_both_ends_send_and_receive(self, pair) -> None:
        """In both directions at once."""
        one, other = pair
        one.send("ack", {"n": 1})
        other.send("ack", {"n": 2})

        assert (number(one.receive()), number(other.receive())) == (2, 1)

    def test_frames_that_wait_keep_their_place(self, pair) -> None:
        """One that is sent at once takes those along that were sent before it."""
        one, other = pair
        for n in range(100):
            one.send("ack", {"n": n}, flush=n in {50, 99})

        assert [number(other.receive()) for _ in range(100)] == list(range(100))

    def test_a_flooding_child_loses_nothing(self, ends) -> None:
        """A hundred thousand frames, all in order, and then the end."""

        def flood(connection: Connection) -> None:
            link = Link(connection)
            for n in range(100_000):
                link.send("ack", {"n": n}, flush=False)
            link.close()

        with child(ends, flood) as link:
            assert [number(frame) for frame in everything(link)] == list(range(100_000))

    def test_many_threads_send_whole_frames(self, ends) -> None:
        """They mix, and each thread's own stay in order."""

        def flood(connection: Connection) -> None:
            link = Link(connection)

            def send(thread: int) -> None:
                for n in range(2_000):
                    text = "x" * (n % 700)
                    link.send("define", {"key": f"{thread}:{n}", "text": text}, flush=n % 3 == 0)

            threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            link.close()

        with child(ends, flood) as link:
            keys = [data["key"].split(":") for _, data in everything(link)]
        for thread in range(8):
            assert [int(n) for t, n in keys if int(t) == thread] == list(range(2_000))

    def test_many_threads_receive_each_frame_once(self, pair) -> None:
        """Whoever needs one takes the next."""
        one, other = pair
        got: list[int] = []

        def take() -> None:
            with suppress(LinkLost):
                while True:
                    got.append(number(other.receive()))

        threads = [threading.Thread(target=take) for _ in range(4)]
        for each in threads:
            each.start()
        for n in range(2_000):
            one.send("ack", {"n": n}, flush=False)
        one.close()
        for each in threads:
            each.join()

        assert sorted(got) == list(range(2_000))


class TestWaiting:
    """How long who waits has to wait."""

    def test_nothing_in_time_is_none(self, pair) -> None:
        """And nothing is lost: the frame comes when it comes."""
        one, other = pair

        assert other.receive(0) is None
        assert other.receive(0.01) is None
        one.send("ack", {"n": 1})
        assert number(other.receive(20)) == 1

    def test_half_a_frame_in_time_is_none(self, ends) -> None:
        """Its rest may come later."""
        here, there = ends
        line = encode("ack", {"n": 1})
        link, raw = Link(here), Link(there)._stream
        raw.write(memoryview(line[:4]), [])

        assert link.receive(0.01) is None
        raw.write(memoryview(line[4:]), [])
        assert number(link.receive(20)) == 1
        link.close()
        raw.close()

    def test_a_frame_that_waits_for_company_comes_by_itself(self, pair) -> None:
        """Nobody has to send another one."""
        one, other = pair
        one.send("ack", {"n": 1})
        one.send("ack", {"n": 2}, flush=False)
        one.send("ack", {"n": 3}, flush=False)

        assert [number(other.receive(20)) for _ in range(3)] == [1, 2, 3]

    def test_who_waits_is_woken_when_the_link_is_closed(self, pair) -> None:
        """A thread in `receive` hears that this end was closed."""
        one, _ = pair
        heard: list[BaseException] = []
        is_waiting = threading.Event()

        def wait() -> None:
            is_waiting.set()
            try:
                one.receive()
            except LinkLost as error:
                heard.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        is_waiting.wait()
        one.close()
        thread.join(20)

        assert len(heard) == 1

    def test_who_sends_waits_for_a_slow_end(self, ends) -> None:
        """What the pipe does not hold waits with the sender, and arrives whole."""

        def flood(connection: Connection) -> None:
            link = Link(connection)
            for n in range(200):
                link.send("define", {"key": str(n), "text": "x" * 50_000})
            link.close()

        with child(ends, flood) as link:
            first = link.receive()
            keys = [data["key"] for _, data in [first, *everything(link)]]
        assert keys == [str(n) for n in range(200)]


class TestTheEnd:
    """What is heard when the other end is gone."""

    def test_everything_that_was_sent_comes_before_the_end(self, ends) -> None:
        """Also what a child sent in the moment before it died."""

        def say_and_die(connection: Connection) -> None:
            link = Link(connection)
            for n in range(50):
                link.send("ack", {"n": n})
            os.kill(os.getpid(), signal.SIGKILL)

        with child(ends, say_and_die) as link:
            assert [number(link.receive()) for _ in range(50)] == list(range(50))
            with pytest.raises(LinkLost, match=r"the other end is gone$"):
                link.receive()
            with pytest.raises(LinkLost):
                link.receive()

    def test_death_in_the_middle_of_a_frame_is_said(self, ends) -> None:
        """Half a frame is no frame."""

        def die_halfway(connection: Connection) -> None:
            stream = Link(connection)._stream
            stream.write(memoryview(encode("ack", {"n": 1}) + b'ack {"n":'), [])
            os.kill(os.getpid(), signal.SIGKILL)

        with child(ends, die_halfway) as link:
            assert number(link.receive()) == 1
            with pytest.raises(LinkLost, match="in the middle of a frame"):
                link.receive()

    def test_who_sends_to_nobody_hears_of_it(self, pair) -> None:
        """At once, and every time."""
        one, other = pair
        other.close()
        for _ in range(3):
            with pytest.raises(LinkLost, match="the other end is gone"):
                one.send("ack", {"n": 1})

    def test_what_came_before_can_be_received_after_a_send_failed(self, pair) -> None:
        """The last words of the other end are not lost over it."""
        one, other = pair
        other.send("ack", {"n": 1})
        other.send("ack", {"n": 2})
        other.close()
        with pytest.raises(LinkLost):
            one.send("ack", {"n": 3})

        assert [number(frame) for frame in everything(one)] == [1, 2]

    def test_an_end_that_left_without_reading_is_gone_like_any_other(self, pair) -> None:
        """What it has sent comes first."""
        one, other = pair
        one.send("ack", {"n": 1})
        other.send("ack", {"n": 2})
        other.close()

        assert [number(frame) for frame in everything(one)] == [2]

    def test_closing_sends_what_waits(self, pair) -> None:
        """Nothing that was sent before is lost."""
        one, other = pair
        for n in range(10):
            one.send("ack", {"n": n}, flush=False)
        one.close()

        assert [number(frame) for frame in everything(other)] == list(range(10))

    def test_closing_again_does_no_harm(self, pair) -> None:
        """And nothing goes through a closed link."""
        one, _ = pair
        one.close()
        one.close()
        with pytest.raises(LinkLost, match="this end was closed"):
            one.send("ack", {"n": 1})
        with pytest.raises(LinkLost, match="this end was closed"):
            one.receive()

    def test_who_is_stuck_in_a_send_is_woken_by_closing(self) -> None:
        """The other end does not read, and never will."""
        one, other = (Link(each) for each in sockets())
        heard: list[BaseException] = []
        is_stuck = threading.Event()

        def send() -> None:
            one.send("ack", {"n": 1})
            is_stuck.set()
            try:
                one.send("define", {"key": "k", "text": "x" * 20 * MEGABYTE})
            except LinkLost as error:
                heard.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        is_stuck.wait()
        assert number(other.receive()) == 1
        one.close()
        thread.join(20)

        assert len(heard) == 1
        other.close()

    def test_a_link_that_nobody_closed_gives_its_descriptor_back_once(self) -> None:
        """The connection owns it."""
        here, there = sockets()
        link = Link(here)
        descriptor = here.fileno()
        del link

        assert os.fstat(descriptor)
        here.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
        there.close()


class TestStrangers:
    """What is no frame is refused, and costs little."""

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param(b"hello, world\n", id="a print"),
            pytest.param(b"\n", id="an empty line"),
            pytest.param(b"\x80\x04\x95pickle\n", id="a pickle"),
            pytest.param(b"ack " + b"[" * 60_000 + b"\n", id="brackets"),
        ],
    )
    def test_a_line_that_is_no_frame_is_refused(self, ends, line: bytes) -> None:
        """The next one may be one."""
        here, there = ends
        link, raw = Link(here), Link(there)._stream
        raw.write(memoryview(line + encode("ack", {"n": 1})), [])

        with pytest.raises(WireError):
            link.receive()
        assert number(link.receive()) == 1
        link.close()
        raw.close()

    def test_kinds_that_are_not_accepted_are_refused(self, ends) -> None:
        """A parent takes no tasks."""
        here, there = ends
        link, other = Link(here, accepts=FROM_CHILD), Link(there)
        other.send("task", {"n": 1})

        with pytest.raises(WireError, match="'task' is no kind"):
            link.receive()
        link.close()
        other.close()

    @pytest.mark.parametrize(
        "size", [pytest.param(2_000, id="at once"), pytest.param(10 * MEGABYTE, id="in pieces")]
    )
    def test_a_frame_above_the_limit_is_refused(self, ends, size: int) -> None:
        """As soon as it is above, not when it ends; and ever after."""
        here, there = ends

        def send(connection: Connection) -> None:
            with suppress(LinkLost):
                Link(connection).send("define", {"key": "k", "text": "x" * size})

        limit = 1_000
        with child((here, there), send) as unlimited:
            link = unlimited
            link._incoming._limit = limit
            for _ in range(2):
                with pytest.raises(WireError, match="larger than 1000 bytes"):
                    link.receive(20)

    def test_an_endless_frame_costs_no_more_than_the_limit(self, ends) -> None:
        """The parent stops reading, and the child gets no further than the pipe."""

        def never_end(connection: Connection) -> None:
            stream = Link(connection)._stream
            with suppress(OSError):
                while True:
                    stream.write(memoryview(b"x" * 65_536), [])

        with child(ends, never_end) as link:
            link._incoming._limit = MEGABYTE
            with pytest.raises(WireError, match="larger than 1000000 bytes"):
                link.receive(20)
            assert link._incoming._size < 3 * MEGABYTE


class TestSize:
    """A frame may be as large as memory."""

    def test_a_huge_frame_arrives_in_bounded_memory(self) -> None:
        """Two hundred megabytes; each end holds the text of it no more than three times."""
        size = 200 * MEGABYTE

        def send(connection: Connection) -> None:
            data = {"key": "k", "text": "x" * size}
            link = Link(connection)
            tracemalloc.start()
            link.send("define", data)
            link.send("ack", {"n": tracemalloc.get_traced_memory()[1]})
            link.close()

        with child(sockets(), send) as link:
            tracemalloc.start()
            try:
                frame = link.receive()
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            sent = number(link.receive())
        assert frame is not None
        assert len(frame[1]["text"]) == size
        assert peak < 3.2 * size
        assert sent < 3.2 * size


class InterruptedByTest(BaseException):
    """What a handler raises, as that of Ctrl-C does."""


def interrupt(*_: object) -> None:
    raise InterruptedByTest


@contextmanager
def interrupted_soon() -> Iterator[None]:
    """Have a signal break into whatever this thread waits for."""
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class TestSignals:
    """A signal comes in the middle of anything."""

    def test_a_handler_that_sends_in_the_middle_of_a_send_breaks_no_frame(self, ends) -> None:
        """Hundreds of times; its frames come between the others."""

        def work(connection: Connection) -> None:
            link = Link(connection)
            count = 0

            def handler(*_: object) -> None:
                nonlocal count
                count += 1
                link.send("reply", {"n": count, "error": "é" * 100})
                if count < 300:
                    signal.setitimer(signal.ITIMER_REAL, 0.0003)  # not before this one is done

            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.0003)
            for n in range(3_000):
                link.send("define", {"key": str(n), "text": "x" * (n % 40) * 500}, flush=n % 5 > 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            link.send("ack", {"n": count})
            link.close()

        with child(ends, work) as link:
            frames = everything(link)
        keys = [data["key"] for kind, data in frames if kind == "define"]
        assert keys == [str(n) for n in range(3_000)]
        told = [data["n"] for kind, data in frames if kind == "reply"]
        assert told == list(range(1, number(frames[-1]) + 1))

    def test_a_handler_that_raises_breaks_no_frame(self) -> None:
        """As Ctrl-C does, at any place; what was not sent at all is not sent in part either."""

        def work(connection: Connection) -> None:
            link = Link(connection)
            signal.signal(signal.SIGALRM, interrupt)
            for n in range(300):
                with suppress(InterruptedByTest):
                    signal.setitimer(signal.ITIMER_REAL, 0.0001 + n / 50_000)
                    link.send("define", {"key": str(n), "text": "x" * 3 * MEGABYTE})
                    signal.pause()
            link.send("ack", {"n": 300})
            link.close()

        with child(sockets(), work) as link:
            frames = everything(link)
        assert number(frames[-1]) == 300
        keys = [int(data["key"]) for _, data in frames[:-1]]
        assert keys == sorted(set(keys))
        assert {len(data["text"]) for _, data in frames[:-1]} <= {3 * MEGABYTE}

    def test_the_next_send_goes_on_where_a_signal_broke_in(self) -> None:
        """The pipe is full and the rest of the frame waits when it comes."""
        one, other = (Link(each) for each in sockets())
        with interrupted_soon(), pytest.raises(InterruptedByTest):
            one.send("define", {"key": "k", "text": "x" * 3 * MEGABYTE})
        frames: list = []
        reader = threading.Thread(target=lambda: frames.extend(everything(other)))
        reader.start()
        one.send("ack", {"n": 1})
        one.close()
        reader.join()

        assert [kind for kind, _ in frames] == ["define", "ack"]
        assert len(frames[0][1]["text"]) == 3 * MEGABYTE
        other.close()

    def test_the_rest_comes_after_a_signal_that_raises_while_waiting(self, pair) -> None:
        """A Ctrl-C while `receive` waits loses nothing of what comes later."""
        one, other = pair
        with interrupted_soon(), pytest.raises(InterruptedByTest):
            one.receive()
        other.send("ack", {"n": 1})

        assert number(one.receive()) == 1


class TestCopies:
    """A process that was forked from the one that has the link."""

    def test_it_cannot_speak_for_the_other(self, pair) -> None:
        """It would write in the middle of its frames."""
        one, other = pair
        one.send("ack", {"n": 1}, flush=False)

        def speak() -> None:
            try:
                one.send("ack", {"n": 666})
            except LinkLost:
                os._exit(7)

        process = FORK.Process(target=speak)
        process.start()
        process.join(20)
        assert process.exitcode == 7
        process.close()
        one.send("ack", {"n": 2})

        assert [number(other.receive()) for _ in range(2)] == [1, 2]

    def test_its_end_is_not_the_end_of_the_link(self, pair) -> None:
        """Closing the copy cuts nothing."""
        one, other = pair
        process = FORK.Process(target=one.close)
        process.start()
        process.join(20)
        assert process.exitcode == 0
        process.close()
        one.send("ack", {"n": 1})

        assert number(other.receive()) == 1


def test_a_link_starts_no_thread_unless_frames_wait() -> None:
    """And neither it nor the wire imports what children are made with."""
    code = (
        "import socket, sys, threading\n"
        "from gostage._spawn.link import Link\n"
        "class End:\n"
        "    def __init__(self, s): self.s = s; self.fileno = s.fileno; self.close = s.close\n"
        "one, other = (Link(End(s)) for s in socket.socketpair())\n"
        "one.send('ack', {'n': 1}); other.receive(); one.close(); other.close()\n"
        "print(threading.active_count(), {'multiprocess', 'dill', 'asyncio'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("1 set()\n", "")


def test_a_default_timeout_of_sockets_does_not_count() -> None:
    """A program may have set one for its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(0.001)
    try:
        one, other = (Link(each) for each in sockets())
    finally:
        socket.setdefaulttimeout(before)
    timer = threading.Timer(0.05, lambda: one.send("ack", {"n": 1}))
    timer.start()

    assert number(other.receive()) == 1
    timer.join()
    one.close()
    other.close()
