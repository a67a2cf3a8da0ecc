"""A Redis server of one's own: what its address looks like, how to speak with it, and why it cannot be used.

A step says which commands it needs. Here they are tried before the first job, and what is wrong is told in a sentence,
the same one to whoever asks: the steps, `work`, the doctor, the classroom.
"""

import itertools
import os
import random
import re
import secrets
import weakref
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError
from redis.retry import Retry

NOTES = ("maint_", "orig_", "oss_", "hash_tag", "nodes")
SCHEMES = ("redis://", "rediss://", "unix://")
OPTIONS = (
    "db username password client_name protocol decode_responses health_check_interval max_connections retry_on_timeout "
    "socket_timeout socket_connect_timeout socket_keepalive ssl_ca_certs ssl_ca_path ssl_cert_reqs "
    "ssl_certfile ssl_check_hostname ssl_ciphers ssl_keyfile ssl_password"
)
"""What may stand behind the ? of an address. Of its other options redis-py expects objects, and would take texts."""

IN_PASSWORDS = (
    "In a password each character that is no letter and no digit is written as % and its code: # as %23, % as %25, "
    "& as %26, + as %2B, / as %2F, ? as %3F, @ as %40."
)

TRIALS = {
    "LPUSH": "LIST job",
    "RPUSH": "LIST job",
    "LLEN": "LIST",
    "LINDEX": "LIST 0",
    "LPOS": "LIST job",
    "LRANGE": "LIST 0 -1",
    "LMOVE": "LIST OTHER RIGHT LEFT",
    "BLMOVE": "OTHER LIST RIGHT LEFT 0.5",
    "LREM": "LIST 0 job",
    "LTRIM": "LIST 1 0",
    "BRPOP": "LIST OTHER 0.5",  # of two lists: so that a cluster refuses this too
    "RPOP": "LIST",
    "SCAN": "0",
    "SET": "TEXT 1",
    "INCR": "TEXT",
    "GET": "TEXT",
    "SADD": "NAMES job",
    "SMEMBERS": "NAMES",
    "UNLINK": "LIST TEXT NAMES",
    "ZADD": "SET 1 job",
    "ZSCORE": "SET job",
    "ZCARD": "SET",
    "ZRANGE": "SET 0 -1",
    "ZREVRANGE": "SET 0 -1",
    "ZRANGEBYSCORE": "SET -inf +inf",
    "ZREM": "SET job",
    "ZREMRANGEBYRANK": "SET 0 -1",
    "ZREMRANGEBYSCORE": "SET -inf +inf",
    "HSET": "HASH field 1",
    "HGET": "HASH field",
    "HSTRLEN": "HASH field",
    "HDEL": "HASH field",
    "TIME": "",
}
"""How each command is tried. In this order, those that a step needs leave nothing behind."""

REFUSALS = {
    r"unknown command .(EXEC|MULTI|SELECT)\b": (
        "This keeps no lists; it is a Sentinel, perhaps. Give the address of the primary that it watches, or a client "
        "that asks it: `RedisBackend(Sentinel([(HOST, 26379)]).master_for(NAME))`."
    ),
    r"unknown command .(LPOS|B?LMOVE|UNLINK|HSTRLEN)\b|timeout is not an integer": (
        "The server is too old ({said}). From step 5 on you need Redis 6.2, or Valkey; step 4 needs Redis 6."
    ),
    r"unknown command": (
        "The server does not do all that is needed ({said}). Its configuration has renamed that, perhaps "
        "(`rename-command`)."
    ),
    r"WRONGTYPE": "Something else than a queue is in {key}: it belongs to another program. Use another database.",
    r"^\w*MasterNotFoundError": (
        "None of the Sentinels that answer knows a primary of this name that can be reached. Are the name and their "
        "addresses right?"
    ),
    r"^\w*(ClusterCrossSlot|Moved|Ask|TryAgain|ClusterDown)Error": (
        "The server is in cluster mode: it spreads keys over many places, and a queue needs its keys in one. "
        'Give them a hash tag, `RedisBackend(hash_tag="luffy")`, or use a server without `cluster-enabled`.'
    ),
    r"^\w*(ReadOnly|MasterDown)Error|-READONLY": (
        "The server is a replica, which only repeats what its primary does. Give the address of the primary."
    ),
    r"NOREPLICAS": (
        "The server takes no jobs while too few replicas follow it (`min-replicas-to-write`). Start them; if another "
        "server is the primary now, give its address."
    ),
    r"^\w*NoPermissionError|EXEC without MULTI": (
        "The user {user} may not do all that is needed ({said}). `ACL SETUSER {user} ~{keys} +@all -@dangerous` "
        "allows it; at least the user needs ~{keys} {needs}."
    ),
    r"^\w*OutOfMemoryError": "The server is full (`maxmemory`), and takes no jobs. Give it memory, or empty it.",
    r"MISCONF": "The server takes no jobs while it cannot write to its disk; its log says why. A full disk, perhaps?",
    r"^\w*BusyLoadingError|LOADING|BUSY": "The server is busy ({said}). Try again when it is ready.",
    r"Authentication required|NOAUTH": (
        "The server wants a password, and got none. Is $REDIS_URL right? With a password it is "
        "redis://:PASSWORD@HOST:6379/0, with a user as well redis://USER:PASSWORD@HOST:6379/0."
    ),
    r"DENIED|protected mode": (
        "The server lets nobody in from another machine while it has no password (its `protected-mode`). Give it one."
    ),
    r"without any password|no password is set": (
        "The server has no password, and got one. Leave it out of $REDIS_URL: redis://HOST:6379/0."
    ),
    r"^\w*AuthenticationError|invalid password|WRONGPASS": (
        "The server does not know this user with this password. Is $REDIS_URL right?"
    ),
    r"DB index|value is not an integer|SELECT is not allowed": (
        "The server has no database {db}. Is $REDIS_URL right? It ends with the number of one, such as /0."
    ),
    r"max number of clients": "The server has as many clients as it may have (`maxclients`).",
    r"CERTIFICATE_VERIFY_FAILED.*mismatch": (
        "The server's certificate is for another name ({said}). Give one that stands in it."
    ),
    r"CERTIFICATE_VERIFY_FAILED": (
        "The server's certificate is not one that this machine trusts ({said}). "
        "Name the certificate of who signed it: rediss://…?ssl_ca_certs=FILE."
    ),
    r": TLS .*(No such file|Is a directory|Permission denied|PEM lib|NO_CERTIFICATE|KEY_VALUES_MISMATCH)": (
        "A file that is needed for TLS cannot be used ({said}). `ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile` are "
        "paths on this machine, of certificates and of the key to yours."
    ),
    r": TLS .*(Timeout connecting|connecting to.*(WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|EOF|reset by peer))": (
        "The server does not answer in TLS. Without TLS the address in $REDIS_URL begins with redis://, not rediss://. "
        "Or it has as many clients as it may have (`maxclients`)."
    ),
    r": TLS .*(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|while reading|while writing|closed by server)": (
        "The server hung up; perhaps it wants a certificate of yours: rediss://…?ssl_certfile=FILE&ssl_keyfile=FILE."
    ),
    r"closed by server|reset by peer|[Bb]roken pipe|not ready": (
        "Whoever listens there hung up, as a server does that wants TLS: then the address in $REDIS_URL begins with "
        "rediss://. Or it lets nobody in from another machine (`protected-mode`), or is no Redis server."
    ),
    r"^\w*InvalidResponse|Invalid Username or Password|Wrong number of response items": (
        "What answers there is no Redis server; a website, perhaps. Is $REDIS_URL right? Redis's usual port is 6379."
    ),
    "": "{said} (Does a server run there? Is $REDIS_URL right?)",
}
"""What to say of a refusal, by what is found in it. The first that fits counts."""

MOVED = (redis.ReadOnlyError, MovedError, ClusterDownError)
IN_TEXTS = "READONLY|NOREPLICAS"  # and not MASTERDOWN, which stays so
"""What a server says that is the wrong one now, or may be. Before Redis 7 the reply to a script only mentions it."""

CLUSTER_REFUSALS = {
    r"^\w*(Moved|Ask|TryAgain|ClusterDown)Error": (
        "The cluster is not ready for keys with the hash tag {tag} ({said}). Try again; `CLUSTER INFO` and "
        "`CLUSTER SLOTS` on one of its nodes say what it waits for."
    ),
}
"""What to say of those of a cluster to one who has a hash tag; of all others, the same."""


def address() -> str:
    """Return `$REDIS_URL`, else Redis's own default address.

    Raise ValueError when it is none that redis-py reads as it is meant. Its text, in which a password may stand, is not
    told.
    """
    url = os.environ.get("REDIS_URL") or "redis://localhost"
    if wrong := wrong_in(url):
        raise ValueError(f"$REDIS_URL is no address. {wrong} It looks like redis://:PASSWORD@HOST:6379/0.")
    return url


def wrong_in(url: str) -> str:
    """Return why `url` is no address that redis-py reads as it is meant, without telling it; empty when it is one."""
    try:
        return _wrong_in(url)
    except (TypeError, ValueError, redis.RedisError):  # whose text may hold a part of the address
        return f"Its host, its port or one of its options is none. {IN_PASSWORDS}"


def _wrong_in(url: str) -> str:
    """Return what redis-py would read otherwise than it is meant; raise what it raises for what it does not read."""
    url.encode()  # a byte of the environment that is no UTF-8 cannot be sent
    if not url.startswith(SCHEMES):
        return f"It has to begin with {', '.join(SCHEMES[:-1])} (with TLS) or {SCHEMES[-1]} (a socket of this machine)."
    parts = urlsplit(url)
    # `urlsplit` leaves some of the unprintable characters out.
    if not url.isprintable() or "#" in url or "@" in parts.path + parts.query:
        return IN_PASSWORDS
    if "@" in unquote(parts.hostname or ""):
        return "Its @ is written as %40. Between the password and the host it stands as it is."
    if parts.scheme == "unix" and (parts.hostname or not parts.path):
        return "The path of a socket begins with a third slash: unix:///."
    if parts.scheme != "unix" and not re.fullmatch(r"/?|/[0-9]+", parts.path):
        return "Behind the server stands the number of a database, such as /0, and nothing else."
    options = parse_qs(parts.query, keep_blank_values=True)
    twice = {"db": parts.scheme != "unix" and parts.path[1:], "username": parts.username, "password": parts.password}
    if any(len(values) > 1 or twice.get(name) for name, values in options.items()):
        return "It says something twice: each stands before the ? or behind it, and once."
    if not options.keys() <= {*OPTIONS.split()} or parts.port == 0 or "%00" in url:  # no path holds a zero byte
        raise ValueError
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        return "ssl_keyfile needs ssl_certfile as well."
    unquote(parts.hostname or "").encode("idna")
    redis.Redis.from_url(url).connection_pool.make_connection()
    return ""


def tagged(hash_tag: Any) -> str:
    """Return the key of a queue under a hash tag. Raise ValueError when none may be called so."""
    if not isinstance(hash_tag, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", hash_tag):
        raise ValueError(f"A hash tag has letters, digits, _ and -, 64 at most, and not {hash_tag!r}.")
    return f"{{{hash_tag}}}:queue"


def connect(given: "redis.Redis | redis.RedisCluster | None", hash_tag: str | None = None) -> redis.Redis:
    """Return a client to the server of `given`, else to that of `$REDIS_URL`. Nothing is sent yet.

    With a hash tag, the server may be any node of a Redis Cluster: the client finds the one that has the keys.

    Raise TypeError when `given` is of another kind, ValueError when `$REDIS_URL` is no address.
    """
    if given is None:
        given = redis.Redis.from_url(address())
    if hash_tag and isinstance(given, redis.RedisCluster):
        given = given.get_redis_connection(given.get_default_node())  # type: ignore[no-untyped-call]
    if not isinstance(given, redis.Redis):
        raise TypeError(
            "A backend takes a client of the class redis.Redis, such as redis.Redis.from_url('redis://localhost'); for "
            f"Valkey, too; with a `hash_tag`, a redis.RedisCluster will do. "
            f"This is a {type(given).__module__}.{type(given).__qualname__}."
        )
    own: dict[str, Any] = {
        # redis-py would repeat a command whose reply was lost: the job is then added twice, or the one that was taken
        # is gone and nobody knows. So nothing is repeated, and the caller is told.
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": 1,
        # No reply may take longer. `get` lets the server hold one back for half a second; a server that looks at its
        # clock once a second (`hz 1`) adds one; half a second is left for the way there and back.
        "socket_timeout": 2,
        "decode_responses": False,
        "protocol": 2,  # which every server speaks
    }
    # Without what redis-py notes there for version 3 of the protocol, in which a server may stretch the timeouts.
    theirs = {name: value for name, value in given.get_connection_kwargs().items() if not name.startswith(NOTES)}
    kind = given.connection_pool.connection_class
    plain = getattr(kind, "plain", kind)  # the client of another backend will do
    if hash_tag and plain not in (redis.Connection, redis.SSLConnection):
        raise TypeError("With a hash tag, a backend takes a client that has the host and the port of a node.")
    kind = type("Connection", (Clustered if hash_tag else Following, plain), {"plain": plain})
    settings = theirs | own | (in_cluster(hash_tag) if hash_tag else {})
    # One connection for each processor that waits; redis-py would stop at 100.
    return redis.Redis.from_pool(Pool(kind, 10_000, **settings))


def in_cluster(hash_tag: str) -> dict[str, Any]:
    """Return the settings of connections to the node that has the keys with a hash tag."""
    return {
        "hash_tag": hash_tag,
        "nodes": [],
        # What a node refuses because another one has the keys was not done. So this alone is repeated, once, there.
        "retry": Retry(NoBackoff(), 1, (MovedError,)),
        "retry_on_error": [],
        "retry_on_timeout": False,
        "redis_connect_func": None,  # redis.RedisCluster's own, which may allow a replica to answer
    }


class Pool(redis.ConnectionPool):
    """A pool that a forked process can use, and that shows no more than the place of its server.

    Before redis-py 8 it would show the password.
    """

    living = weakref.WeakSet["Pool"]()

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._made_of = (args, settings)
        Pool.living.add(self)

    def forked(self) -> None:
        """Be made anew: another thread may have held one of redis-py's locks, and is not in the new process."""
        args, settings = self._made_of
        Pool.__init__(self, *args, **settings)

    def __repr__(self) -> str:
        return _place(self.connection_kwargs)


def _forked() -> None:
    for pool in list(Pool.living):
        pool.forked()


os.register_at_fork(after_in_child=_forked)


class Following(AbstractConnection):
    """A connection that is made anew once its server takes no jobs: another one may stand behind its name now.

    Also once another node of a cluster has the keys, and after what is too large for the server, which then hangs up.
    """

    over = False

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read a reply, and note when it is that of a wrong server, or of one that hangs up; raise it as ever."""
        try:
            return super().read_response(*args, **options)
        except redis.ResponseError as error:
            self.over |= type(error) in MOVED or bool(re.search(IN_TEXTS, str(error)))
            self.over |= str(error).startswith("Protocol error")
            raise

    def send_packed_command(self, *args: Any, **options: Any) -> None:
        """Send a command, over a new connection where the last reply was the last one."""
        if self.over:
            self.over = False
            self.disconnect()  # type: ignore[no-untyped-call]
            self.connect()  # type: ignore[no-untyped-call]
        super().send_packed_command(*args, **options)  # type: ignore[no-untyped-call]


class Clustered(Following):
    """A connection to the node of a Redis Cluster that has the keys with a hash tag.

    Which one that is, is asked for each time when a connection is made. That node carries all, so a cluster makes
    nothing faster. When it is lost, its replica has only what it had been told: a job that was added last may be gone,
    and one that was done last may be done again. Two tags are two systems, with nothing in common.
    """

    plain: type[Any]  # over which to ask

    def __init__(self, *args: Any, hash_tag: str, nodes: list[tuple[str, int]], **settings: Any) -> None:
        """Ask one of the `nodes`, or at first the one in the settings. All connections of a pool share that list."""
        super().__init__(*args, **settings)
        self.slot, self.nodes, self.settings = key_slot(hash_tag.encode()), nodes, settings
        self.told: tuple[str, int] | None = None

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read a reply; when another node has the keys, note which, and raise that in words."""
        try:
            return super().read_response(*args, **options)
        except AskError as error:
            there = error.host or self.host, error.port
            if isinstance(error, MovedError):
                self.told = there
            error.args = ("The keys are, or will soon be, on another node, {}:{}".format(*there),)
            raise

    def _connect(self) -> Any:
        self.host, self.port = self.told or self._owner()
        self.told = None
        return super()._connect()  # type: ignore[no-untyped-call, safe-super]

    def _owner(self) -> tuple[str, int]:
        """Return where the node is that has the slot. Raise redis.RedisError when none of three nodes says that."""
        seed = self.settings["host"], self.settings["port"]
        known = self.nodes[:] or [seed]
        failure: Exception = ClusterDownError("no node has their slot")
        # In any order: one that is cut off from the others still answers, and knows no better.
        for host, port in random.sample(known, min(3, len(known))):
            try:
                holders = self._holders(host, port)
            except (redis.ConnectionError, redis.TimeoutError) as error:
                failure = error
                continue
            self.nodes[:] = {seed, *itertools.chain(*holders.values())}
            for slots, nodes in holders.items():
                if self.slot in slots:
                    return nodes[0]
        raise failure

    def _holders(self, host: str, port: int) -> dict[range, list[tuple[str, int]]]:
        """Return what a node says of which nodes have which slots, the primary first. Raise redis.RedisError."""
        node = self.plain(**self.settings | {"host": host, "port": port, "socket_timeout": 1})
        try:
            node.connect()
            node.send_command("CLUSTER", "SLOTS")
            told = node.read_response()
        except redis.ResponseError as error:
            if "cluster support disabled" not in str(error):
                raise
            return {range(1 << 14): [(host, port)]}  # one server has all
        finally:
            node.disconnect()
        return {
            range(first, last + 1): [((name or b"").decode() or host, port) for name, port, *_ in nodes]
            for first, last, *nodes in told
        }


def place(client: redis.Redis) -> str:
    """Return the host, port and database of a server, and never its password."""
    return _place(client.get_connection_kwargs())


def _place(at: dict[str, Any]) -> str:
    sentinel = at.get("connection_pool")
    server = f"service {sentinel.service_name}" if sentinel else f"{at.get('host', 'localhost')}:{at.get('port', 6379)}"
    return f"{at.get('path') or server}/{at.get('db') or 0}"


def try_out(client: redis.Redis, needs: str, key: str) -> None:
    """Try the commands `needs` on keys that nobody has, below `key`, in two round trips. Nothing is left there.

    A script that does nothing is told the keys themselves: who may not write to them may not run it.

    Raise redis.RedisError, with a sentence that says what to do, when one of them is refused. A full server will do
    when there are jobs: they can be done.
    """
    names = {kind: f"{key}:trial:{secrets.token_hex(12)}" for kind in ("LIST", "OTHER", "SET", "TEXT", "NAMES", "HASH")}
    keys = [key, f"{key}:trial", *([f"{key}s", f"{key}s:trial"] if "SMEMBERS" in needs else [])]
    try:
        # Where MULTI is refused, redis-py lets the commands be carried out one by one. So what is harmless is first.
        with client.pipeline() as harmless:
            if "EVAL" in needs:
                harmless.eval("return 0", len(keys), *keys)
            else:  # who is to delete the key may find anything there
                harmless.llen(names["LIST"] if "SCAN" in needs else key)
            if client.get_connection_kwargs().get("health_check_interval"):
                harmless.ping()
            harmless.execute()
        with client.pipeline() as trial:
            for command in filter(needs.split().__contains__, TRIALS):
                words = TRIALS[command].split()
                trial.execute_command(command, *[names.get(word, word) for word in words])  # type: ignore[no-untyped-call]
            trial.execute()
    except redis.RedisError as error:
        if isinstance(error, redis.OutOfMemoryError) and any_jobs(client, needs, key):
            return
        # Some versions of redis-py have a password in their texts.
        raise redis.RedisError(f"{place(client)}: {sentence(error, client, needs)}") from None


def any_jobs(client: redis.Redis, needs: str, key: str) -> bool:
    """Return whether there are jobs, or may be: waiting, in flight, due later, or in a queue that has a name."""
    counts: list[Any] = [client.llen(key)]
    if "ZCARD" in needs:  # who needs it, may use it
        counts += [client.zcard(f"{key}{place}") for place in (":hearts", ":scheduled", ":retry")]
    if "SMEMBERS" in needs:
        counts.append(client.smembers(f"{key}s"))
    return any(counts)


def sentence(error: redis.RedisError, client: redis.Redis, needs: str) -> str:
    """Return what to say to a person whom a server refuses with `error` what a step needs."""
    at = client.get_connection_kwargs()
    said = re.sub(r"^Command # .* of pipeline caused error: |,? with args .*", "", str(error))
    said = said.replace(str(at.get("password") or "\n"), "…")  # who echoes what it is sent is no Redis
    tls = "TLS " if issubclass(client.connection_pool.connection_class, redis.SSLConnection) else ""
    tag = at.get("hash_tag")
    keys, refusals = (f"{{{tag}}}:*", CLUSTER_REFUSALS | REFUSALS) if tag else ("luffy:*", REFUSALS)
    for pattern, says in refusals.items():
        if re.search(pattern, f"{type(error).__name__}: {tls}{said}"):
            begin = [
                *["SELECT"] * bool(at.get("db")),
                *["CLIENT|SETNAME"] * bool(at.get("client_name")),
                *["PING"] * bool(at.get("health_check_interval")),
                *["CLUSTER|SLOTS"] * bool(tag),
                *["MULTI", "EXEC"],
            ]
            rights = " ".join(f"+{command.lower()}" for command in [*begin, *needs.split()])
            user = at.get("username") or "default"
            key = keys.replace("*", "queue")
            return says.format(said=said, user=user, needs=rights, db=at.get("db"), key=key, keys=keys, tag=tag)
    raise AssertionError("the last pattern fits everything")


def warning(client: redis.Redis) -> str | None:
    """Return what to say of a server that may lose jobs in silence: "" when it does not, None when it does not tell."""
    try:
        told = client.info()
    except redis.ResponseError:  # a user without dangerous commands may not ask
        return None
    policy = told.get("maxmemory_policy", "")
    if told.get("role") == "slave":
        return (
            "The Redis server is a replica that takes jobs (`replica-read-only no`): when its primary sends it all "
            "anew, they vanish. Give the address of the primary."
        )
    if told.get("maxmemory") and policy.startswith("allkeys-"):
        return (
            f"The Redis server deletes any key when it is full (`maxmemory-policy {policy}`): the whole queue may "
            "vanish, and nobody is told. For a queue it has to be `noeviction`."
        )
    return ""
