"""The ways to ask the store, which is one Redis or Valkey, 7 or later.

``Store.ask`` sends a command, a script call or a question (``chat.store.question``), and
``Store.ask_all`` sends several of these in one write. ``Store.ask_nowait`` sends a question without
waiting for the answer. Everything that changes several keys is a script in ``chat/lua``.
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
    Command,
    Question,
    ScriptCall,
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
        *("SCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "TIME", "XRANGE", "XREVRANGE"),
        *("ZCARD", "ZCOUNT", "ZMSCORE", "ZRANGE", "ZSCORE"),
    )
)

#: Sends commands in one write; returns their answers in order, with an error in place of an answer.
SendCommands = Callable[[Sequence[Command]], list[Any]]
#: Takes these answers, or what went wrong in place of all of them.
Done = Callable[[list[Any] | Exception], None]
#: Sends commands in one write, and returns at once.
SendCommandsNowait = Callable[[Sequence[Command], Done], object]
#: Gives the error of the domain for the error of a script, and any other error as it is.
TranslateError = Callable[[Exception], Exception]

T = TypeVar("T")


class StoreError(Exception):
    """The store cannot be used; the text is one line for the operator."""


class Store:
    """Every method that asks the store raises ``redis.exceptions.RedisError``.

    Answers to commands and script calls have the types of the protocol: bytes, numbers, lists. A
    question gives what its ``read`` makes of them.

    ``send_commands`` and ``send_commands_nowait`` use the connections of the pool; a worker puts
    ``Pipeline.send`` and ``Pipeline.send_nowait`` in their place. ``redis`` is the library's
    client, only for what it parses or does in several steps: scans, scores, the server's state.
    """

    def __init__(self, client: redis.Redis, translate_error: TranslateError | None = None) -> None:
        # Any: the library's types leave open whether answers are bytes or str. Here they are bytes.
        self.redis: Any = client
        self._translate_error = translate_error
        self._plain: Any = redis.Redis(connection_pool=client.connection_pool)
        self._plain.response_callbacks.clear()
        self.send_commands: SendCommands = self._by_pool
        self.send_commands_nowait: SendCommandsNowait = self._by_pool_nowait
        #: The life of the store's data at the last connection; see ``chat.store.identity``.
        self.life = ""
        #: Whether it is the embedded store.
        self.is_embedded = False

    @overload
    def ask(self, asked: Question[T]) -> T: ...
    @overload
    def ask(self, asked: ScriptCall | Command) -> Any: ...
    def ask(self, asked: Question[T] | ScriptCall | Command) -> Any:
        """The answer to one command, script call or question. Raises as ``ask_all`` does."""
        if isinstance(asked, Question):
            return asked.read(without_errors(self._answers(asked.commands)))
        return without_errors(self._answers([asked]))[0]

    @overload
    def ask_all(self, asked: Iterable[Question[Any] | ScriptCall | Command]) -> list[Any]: ...
    @overload
    def ask_all(self, asked: Iterable[ScriptCall | Command], keep_errors: bool) -> list[Any]: ...
    def ask_all(
        self, asked: Iterable[Question[Any] | ScriptCall | Command], keep_errors: bool = False
    ) -> list[Any]:
        """The answers to several commands, script calls and questions, sent in one write, in order.

        The store carries them out in order; it may carry out commands of other connections between
        them. If it has lost its scripts, everything is sent, and then the scripts are run, and what
        only reads behind them is read again.

        Raises the first error: ``RedisError``, or the domain's where a script answers with one.
        With ``keep_errors``, an error stands in place of its answer.
        """
        asked = list(asked)
        if keep_errors:
            return self._answers(cast(Sequence[ScriptCall | Command], asked))
        return self.ask(together(*asked))

    def ask_nowait(self, question: Question[Any], done: Done) -> None:
        """Ask, and return at once.

        ``done`` is called with the answers, or with the error; it must not block. ``answer_to``
        makes of them what ``ask`` would give or raise.
        """
        self.send_commands_nowait([_command(each) for each in question.commands], done)

    def answer_to(self, question: Question[T], answers: list[Any] | Exception) -> T:
        """What ``ask`` gives, made of what ``ask_nowait`` gave to ``done``; raises as ``ask`` does.

        It may ask the store again, and block, where ``answers`` are an error or contain one.
        """
        if isinstance(answers, Exception):
            raise answers
        if has_error(answers):
            answers = without_errors(self._after_errors(question.commands, answers))
        return question.read(answers)

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

    def close_idle_connections(self) -> None:
        """Close the idle connections of the pool: their server must not be used any more."""
        self.redis.connection_pool.disconnect(inuse_connections=False)

    def _answers(self, commands: Sequence[ScriptCall | Command]) -> list[Any]:
        """The answers, with an error of the domain or the library in place of an answer."""
        if not commands:
            return []
        answers = self._send(commands)
        return self._after_errors(commands, answers) if has_error(answers) else answers

    def _after_errors(
        self, commands: Sequence[ScriptCall | Command], answers: list[Any]
    ) -> list[Any]:
        """Load and run the scripts that the store did not know; translate the other errors.

        What reads behind such a script is read again after it: that may be a check of access to
        what the script gives. A command that has changed something is not carried out again.
        """
        unknown = [isinstance(answer, NoScriptError) for answer in answers]
        if any(unknown):
            rest = range(unknown.index(True), len(commands))
            again = [i for i in rest if unknown[i] or _only_reads(commands[i])]
            self._load_scripts()
            for i, answer in zip(again, self._send([commands[i] for i in again]), strict=True):
                answers[i] = answer
        translate = self._translate_error
        if translate is None:
            return answers
        return [translate(a) if isinstance(a, Exception) else a for a in answers]

    def _send(self, commands: Sequence[ScriptCall | Command]) -> list[Any]:
        return self.send_commands([_command(each) for each in commands])

    def _load_scripts(self) -> None:
        for script in SCRIPTS.values():
            self.redis.script_load(script.source)

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

    def _by_pool_nowait(self, commands: Sequence[Command], done: Done) -> None:
        try:
            answers: list[Any] | Exception = self.send_commands(commands)
        except redis.RedisError as error:
            answers = error
        done(answers)


def _only_reads(command: ScriptCall | Command) -> bool:
    return not isinstance(command, ScriptCall) and command[0] in READING


def _command(call: ScriptCall | Command) -> Command:
    if isinstance(call, ScriptCall):
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
