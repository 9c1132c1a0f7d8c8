"""The store: one Redis or Valkey, 7 or later, and the scripts that change it.

Everything that changes several keys is a script in ``lua/``. ``Store.ask`` sends a script call, a
command or a question, ``Store.ask_all`` several of these in one write. ``Store.ask_nowait`` sends a
question without waiting for the answer.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast, overload

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    NoScriptError,
    ReadOnlyError,
)
from redis.retry import Retry

from chat.store import error_replies
from chat.store.question import (
    Call,
    Command,
    Question,
    has_error,
    together,
    without_errors,
)
from chat.store.scripts import SCRIPTS

OLDEST_VERSION = (7, 0)
#: Connections of one process. Callers wait for a free one rather than open ever more.
POOL_SIZE = 32
#: Seconds after which a silent store counts as away.
COMMAND_TIMEOUT_S = 3.0

#: Commands without an effect, which may be carried out twice. Those around a ``snapshot`` are too.
READING = frozenset(
    (
        *("EXEC", "EXISTS", "GET", "HEXISTS", "HGET", "HGETALL", "HLEN", "HMGET", "HSCAN", "MULTI"),
        *("SCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "XRANGE", "XREVRANGE"),
        *("ZCARD", "ZCOUNT", "ZMSCORE", "ZRANGE", "ZSCORE"),
    )
)

#: Sends commands in one write; returns their answers in order, with an error in place of an answer.
SendCommands = Callable[[Sequence[Command]], list[Any]]
#: Takes these answers, or what went wrong in place of all of them.
Done = Callable[[list[Any] | Exception], None]
#: Gives the error of the domain for the error of a script, and any other error as it is.
TranslateError = Callable[[Exception], Exception]
#: Sends commands in one write, and returns at once.
SendCommandsNowait = Callable[[Sequence[Command], Done], object]

T = TypeVar("T")


class StoreError(Exception):
    """The store cannot be used; the text is one line for the operator."""


class Store:
    """``redis`` gives bytes, never str. Every method raises ``redis.exceptions.RedisError``.

    Answers to script calls and commands have the types of the protocol: bytes, numbers, lists.
    ``send_commands`` sends commands and returns their answers: over a connection of the pool, or in
    a worker by ``Pipeline.send``. Use ``redis`` only for what the library does in several steps or
    parses: scans, scores, the server's state, the connections of the pool.
    """

    def __init__(self, client: redis.Redis, translate_error: TranslateError | None = None) -> None:
        # Any: the library's types leave open whether answers are bytes or str; here they are bytes.
        self.redis: Any = client
        self._translate_error = translate_error
        self._plain: Any = redis.Redis(connection_pool=client.connection_pool)
        self._plain.response_callbacks.clear()
        self.send_commands: SendCommands = self._by_pool
        self.send_commands_nowait: SendCommandsNowait = self._by_pool_nowait
        #: The life of the store's data at the last connection; see ``identity.life``.
        self.life = ""
        #: Whether it is the embedded store.
        self.is_embedded = False

    @overload
    def ask(self, asked: Question[T]) -> T: ...
    @overload
    def ask(self, asked: Call | Command) -> Any: ...
    def ask(self, asked: Question[T] | Call | Command) -> Any:
        """The answer to one question, script call or command. Raises as ``ask_all`` does."""
        if isinstance(asked, Question):
            return asked.read(without_errors(self._answers(asked.calls)))
        return without_errors(self._answers([asked]))[0]

    def ask_all(
        self, asked: Iterable[Question[Any] | Call | Command], keep_errors: bool = False
    ) -> list[Any]:
        """The answers to several questions, script calls and commands, sent in one write.

        The store carries them out in order, with commands of other connections between them. If it
        has lost its scripts, what only reads is still read in order, while a command that changes
        something is carried out before the scripts.

        Raises the first error: ``RedisError``, or the domain's where a script answers with one.
        With ``keep_errors``, which is not for questions, an error stands in place of its answer.
        """
        asked = list(asked)
        if keep_errors:
            return self._answers(cast(Sequence[Call | Command], asked))
        return self.ask(together(*asked))

    def ask_nowait(self, question: Question[Any], done: Done) -> None:
        """Ask without waiting. ``done`` gets what ``answer_to`` takes, and must not block."""
        self.send_commands_nowait([_command(call) for call in question.calls], done)

    def answer_to(self, question: Question[T], answers: list[Any] | Exception) -> T:
        """What ``ask`` gives, from what ``ask_nowait`` gave to ``done``. Raises as ``ask`` does.

        Blocks only where ``answers`` are, or contain, an exception.
        """
        if isinstance(answers, Exception):
            raise answers
        if has_error(answers):
            answers = without_errors(self._with_errors(question.calls, answers))
        return question.read(answers)

    def _answers(self, calls: Sequence[Call | Command]) -> list[Any]:
        if not calls:
            return []
        answers = self._send(calls)
        return self._with_errors(calls, answers) if has_error(answers) else answers

    def _with_errors(self, calls: Sequence[Call | Command], answers: list[Any]) -> list[Any]:
        """Run the scripts that the store did not know; make the other errors the domain's.

        What reads behind such a script is asked again behind it: it may be a check of access to
        what the script gives. What has had an effect is not carried out again.
        """
        unknown = [isinstance(answer, NoScriptError) for answer in answers]
        if any(unknown):
            rest = range(unknown.index(True), len(calls))
            again = [i for i in rest if unknown[i] or _only_reads(calls[i])]
            self._load_scripts()
            for i, answer in zip(again, self._send([calls[i] for i in again]), strict=True):
                answers[i] = answer
        translate = self._translate_error
        if translate is None:
            return answers
        return [translate(a) if isinstance(a, Exception) else a for a in answers]

    def check(self) -> None:
        """Raise ``RedisError`` unless the store answers, and ``StoreError`` if it is too old."""
        info = self.redis.info("server")
        self._load_scripts()
        # redis_version of Valkey is the version of Redis that it is compatible with.
        name, version = (
            ("Valkey", info["valkey_version"])
            if "valkey_version" in info
            else ("Redis", info["redis_version"])
        )
        if tuple(int(part) for part in str(version).split(".")[:2]) < OLDEST_VERSION:
            raise StoreError(f"The store is {name} {version}; Maru needs Redis 7 or Valkey.")

    def _send(self, calls: Sequence[Call | Command]) -> list[Any]:
        return self.send_commands([_command(call) for call in calls])

    def close_idle_connections(self) -> None:
        """Close the idle connections of the pool: their server must not be used any more."""
        self.redis.connection_pool.disconnect(inuse_connections=False)

    def _by_pool_nowait(self, commands: Sequence[Command], done: Done) -> None:
        try:
            answers: list[Any] | Exception = self.send_commands(commands)
        except redis.RedisError as error:
            answers = error
        done(answers)

    def _by_pool(self, commands: Sequence[Command]) -> list[Any]:
        answers = self._by_one_connection(commands)
        if any(isinstance(a, Exception) and error_replies.needs_new_connection(a) for a in answers):
            self.close_idle_connections()
            answers = self._by_one_connection(commands)
        return answers

    def _by_one_connection(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._plain.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        return answers

    def _load_scripts(self) -> None:
        for script in SCRIPTS.values():
            self.redis.script_load(script.source)


def _only_reads(call: Call | Command) -> bool:
    return not isinstance(call, Call) and call[0] in READING


def _command(call: Call | Command) -> Command:
    if isinstance(call, Call):
        return ("EVALSHA", SCRIPTS[call.script].sha, len(call.keys), *call.keys, *call.args)
    return call


def connect(url: str, translate_error: TranslateError | None = None) -> Store:
    """A store at ``redis://``, ``rediss://`` or ``unix://``; connects when it is first used.

    ``translate_error`` is needed where scripts are run that answer with errors of the domain.
    Raises ``StoreError`` when the URL is none of these.
    """
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=POOL_SIZE,
            timeout=COMMAND_TIMEOUT_S,
            protocol=2,
            socket_timeout=COMMAND_TIMEOUT_S,
            socket_connect_timeout=COMMAND_TIMEOUT_S,
            health_check_interval=30,
            # One retry at once, over a new connection: the store may have been restarted since the
            # last command, and the address of a former primary may lead to another server by now.
            # There are no further retries: clients have an outbox. There is none after a timeout.
            retry=Retry(
                ExponentialWithJitterBackoff(base=0.05, cap=0.5),
                1,
                (ConnectionError, ReadOnlyError, MasterDownError, ClusterDownError),
            ),
            **({} if url.startswith("unix:") else {"socket_keepalive": True}),
        )
    except ValueError as error:
        raise StoreError(f"REDIS_URL cannot be used: {error}") from error
    return Store(redis.Redis(connection_pool=pool), translate_error)
