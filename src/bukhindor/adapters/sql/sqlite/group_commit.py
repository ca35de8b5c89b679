"""Writing use cases in turn on one connection, and one fsync for all that commit together.

    waiting ──turn──► works inside SAVEPOINT … RELEASE ──commit()──► group ──COMMIT in the thread──► acknowledged
                                       └── leaves: ROLLBACK TO its savepoint, the others stay; what it has read may be
                                           theirs, so it is acknowledged with them

Statements run on the event loop's thread, where they touch memory for some microseconds. What waits for the disk or
for another process's lock (COMMIT, a checkpoint, an occupied BEGIN) runs in a thread; no use case has the turn then.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bukhindor.adapters.sql.sqlite.file import LOCK_PATIENCE_SECONDS, SqliteFile
from bukhindor.adapters.sql.sqlite.statements import LOCKED, is_busy, reason_of
from bukhindor.adapters.sql.sqlite.write_proof import WriteProof
from bukhindor.domain.errors import StoreUnavailable

TURN_LIMIT_SECONDS = 5.0
_LARGEST_GROUP = 128
_ROWS_BETWEEN_CHECKPOINTS = 500
"""Changed rows; each touches a few pages, so that the log has one or two thousand."""


class Turn:
    """One use case's right to use the connection."""

    __slots__ = ("timer", "was_lost")

    def __init__(self) -> None:
        self.timer: asyncio.TimerHandle | None = None
        self.was_lost = False


class GroupCommit:
    """The only writer of this process.

    A use case may keep its turn for `turn_limit` seconds; another process may keep the file locked for `lock_patience`
    seconds until waiting use cases are refused; `is_locked` meanwhile. `commits` counts the waits for the disk,
    `writes` the use cases that were safe after them.
    """

    def __init__(
        self,
        file: SqliteFile,
        *,
        is_owner: bool,
        turn_limit: float = TURN_LIMIT_SECONDS,
        lock_patience: float = LOCK_PATIENCE_SECONDS,
    ) -> None:
        self._file = file
        self._is_owner = is_owner
        self._turn_limit = turn_limit
        self._lock_patience = lock_patience
        self._connection = file.connect(timeout=0.0, cache_kibibytes=8192)
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._waiting: deque[asyncio.Future[Turn | BaseException]] = deque()
        self._holder: Turn | None = None
        self._group: list[asyncio.Future[BaseException | None]] = []
        self._readers: list[asyncio.Future[BaseException | None]] = []
        self._job: asyncio.Future[None] | None = None
        self.proof = WriteProof(file.path)
        self._changes_at_checkpoint = 0
        self.is_locked = False
        self.writes = 0
        self.commits = 0
        self._is_closed = False

    async def enter(self) -> Turn:
        """Wait for the turn, first come, first served. Raises StoreUnavailable when the file stays locked."""
        waiter: asyncio.Future[Turn | BaseException] = asyncio.get_running_loop().create_future()
        if self._is_closed:
            raise StoreUnavailable
        self._waiting.append(waiter)
        self._advance()
        try:
            answer = await waiter
        except asyncio.CancelledError:
            # The turn may have come in the same instant; it must not be lost with this task.
            if waiter.done() and not waiter.cancelled() and isinstance(turn := waiter.result(), Turn):
                self.leave(turn)
            raise
        if isinstance(answer, BaseException):
            raise StoreUnavailable(reason=reason_of(answer)) from answer
        return answer

    def connection_for(self, turn: Turn) -> sqlite3.Connection:
        """The connection, while the turn lasts. Raises StoreUnavailable when the turn was taken away."""
        if turn is self._holder:
            return self._connection
        if turn.was_lost:
            raise StoreUnavailable
        message = "A transaction can't be used after its commit."
        raise RuntimeError(message)

    def note_failure(self, error: BaseException) -> None:
        """Call this after a failed statement: a full disk can make SQLite roll the whole group back."""
        self.proof.take(error.__cause__ or error)
        if not self._connection.in_transaction:
            self._lose_group(error)

    async def commit(self, turn: Turn) -> None:
        """Pass the turn on, and return when the group is on the disk. Raises StoreUnavailable when it is lost.

        Cancelling a task that waits here doesn't undo its work.
        """
        self.connection_for(turn).execute("RELEASE turn")
        member = _new_member()
        self._group.append(member)
        self._end_turn(turn)
        self._advance()
        await _answer_to(member)

    def leave(self, turn: Turn) -> None:
        """Undo uncommitted work; does nothing for a turn that has ended."""
        if turn is not self._holder:
            return
        try:
            self._connection.execute("ROLLBACK TO turn")
            self._connection.execute("RELEASE turn")
        except sqlite3.Error as error:
            self._lose_group(error)
        self._end_turn(turn)
        self._advance()

    async def leave_safely(self, turn: Turn) -> None:
        """Leave, and return when what the turn has read is on the disk. Raises StoreUnavailable when it is lost."""
        if turn.was_lost:
            raise StoreUnavailable
        if turn is not self._holder or not self._group:
            self.leave(turn)
            return
        member = _new_member()
        self._readers.append(member)
        self.leave(turn)
        await _answer_to(member)

    async def close(self) -> None:
        """Refuse newcomers, undo unfinished work, wait for the commits under way."""
        self._is_closed = True
        self._refuse_waiting(StoreUnavailable())
        if self._holder is not None:
            self._take_away(self._holder)
        while self._job is not None:
            await asyncio.wait([self._job])
        self.drop()

    def drop(self) -> None:
        """Release the file when no use case writes or waits."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    def _advance(self) -> None:
        """Do the next step, if any: give the turn to the first in line, or end the group."""
        while self._holder is None and self._job is None:
            if self._waiting and self._waiting[0].done():
                del self._waiting[0]
            elif self._waiting and len(self._group) < _LARGEST_GROUP:
                self._give_turn()
            elif self._group:
                self._run_in_thread(self._commit, self._committed)
            elif self._connection.in_transaction:
                self._abandon()
            else:
                return

    def _give_turn(self) -> None:
        try:
            if not self._connection.in_transaction and not self._begin_at_once():
                self.is_locked = True
                self._run_in_thread(self._begin_patiently, self._begun)
                return
            self._connection.execute("SAVEPOINT turn")
        except sqlite3.Error as error:
            self._refuse_waiting(error)
            return
        turn = Turn()
        turn.timer = asyncio.get_running_loop().call_later(self._turn_limit, self._take_away, turn)
        self._holder = turn
        first = self._waiting.popleft()
        first.set_result(turn)

    def _end_turn(self, turn: Turn) -> None:
        if turn.timer is not None:
            turn.timer.cancel()
        if turn is self._holder:
            self._holder = None

    def _take_away(self, turn: Turn) -> None:
        turn.was_lost = True
        self.leave(turn)

    def _begin_at_once(self) -> bool:
        """Begin unless another process is writing. Raises sqlite3.Error."""
        if not self._is_owner and not self._file.share_writing():
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            self._file.end_writing()
            if is_busy(error):
                return False
            raise
        return True

    def _begin_patiently(self) -> None:
        if not self._is_owner and not self._file.share_writing(self._lock_patience):
            raise StoreUnavailable(reason=LOCKED)
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {round(self._lock_patience * 1000)}")
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute("PRAGMA busy_timeout = 0")

    def _begun(self, error: BaseException | None) -> None:
        self.is_locked = False
        if error is not None:
            self._file.end_writing()
            self._refuse_waiting(error)

    def _abandon(self) -> None:
        """End a transaction without any commit; it has nothing for the disk."""
        self._connection.execute("ROLLBACK")
        self._file.end_writing()

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _committed(self, error: BaseException | None) -> None:
        if error is None:
            self.writes += len(self._group)
            self.commits += 1
            self.proof.give(self._changes)
        self._answer_group(error)
        rows = self._changes - self._changes_at_checkpoint
        if self._is_owner and rows >= _ROWS_BETWEEN_CHECKPOINTS and not self._is_closed:
            self._run_in_thread(self._checkpoint, lambda error: None)

    def _checkpoint(self) -> None:
        with self._file.checkpointing() as obtained:
            if obtained:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._changes_at_checkpoint = self._changes

    @property
    def _changes(self) -> int:
        """How many rows were changed; a commit that only proves that the file takes writes counts as one."""
        return self._connection.total_changes + self.proof.attempts

    def _lose_group(self, error: BaseException) -> None:
        """All work since BEGIN is gone."""
        if self._holder is not None:
            self._holder.was_lost = True
            self._end_turn(self._holder)
        self._answer_group(error)
        self._advance()

    def _answer_group(self, error: BaseException | None) -> None:
        self.proof.take(error)
        self._file.end_writing()
        members = [*self._group, *self._readers]
        self._group, self._readers = [], []
        for member in members:
            if not member.done():
                member.set_result(error)

    def _refuse_waiting(self, error: BaseException) -> None:
        self.proof.take(error)
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(error)

    def _run_in_thread(self, work: Callable[[], None], then: Callable[[BaseException | None], None]) -> None:
        self._job = asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._job.add_done_callback(partial(self._finish_job, then))

    def _finish_job(self, then: Callable[[BaseException | None], None], job: asyncio.Future[None]) -> None:
        self._job = None
        then(job.exception())
        self._advance()


def _new_member() -> asyncio.Future[BaseException | None]:
    """The future that ends with the group, for a use case that waits."""
    return asyncio.get_running_loop().create_future()


async def _answer_to(member: asyncio.Future[BaseException | None]) -> None:
    error = await member
    if error is not None:
        raise StoreUnavailable(reason=reason_of(error)) from error
