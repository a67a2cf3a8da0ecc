"""Redis Clusters for tests: real ones, of real nodes on loopback, formed without a tool and gone with the test."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import redis
from redis.crc import key_slot
from servers import VALKEY, server

SLOTS = 1 << 14


class Cluster:
    """A Redis Cluster; its first nodes have been given the slots, in equal parts."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.nodes = [redis.Redis(port=port, protocol=2) for port in ports]

    def form(self, primaries: int) -> None:
        """Make one cluster of the nodes; those beyond the primaries are replicas of the first ones."""
        for number, node in enumerate(self.nodes):
            node.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < primaries:
                first, beyond = number * SLOTS // primaries, (number + 1) * SLOTS // primaries
                node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, beyond - 1)
            for port in self.ports[:number]:  # to be told of the others by others takes longer
                node.execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        self.wait(lambda node: len(node.execute_command("CLUSTER NODES")) == len(self.nodes))
        for number, replica in enumerate(self.nodes[primaries:]):
            replica.execute_command("CLUSTER", "REPLICATE", self.id(number))
        self.wait(lambda node: b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO"))
        for replica in self.nodes[primaries:]:
            wait_until(lambda replica=replica: replica.info("replication")["master_link_status"] == "up")

    def wait(self, condition: Callable[[redis.Redis], bool]) -> None:
        """Wait until each node says so."""
        for node in self.nodes:
            wait_until(lambda node=node: condition(node))

    def id(self, number: int) -> str:
        """Return what the cluster calls a node."""
        return self.nodes[number].execute_command("CLUSTER", "MYID").decode()

    def owner(self, tag: str = "luffy") -> int:
        """Return the number of the node that has the keys with a hash tag; wait until one has."""
        found = []

        def look() -> list[int]:
            for number, node in enumerate(self.nodes):
                with contextlib.suppress(redis.RedisError):
                    node.exists(f"{{{tag}}}")
                    found.append(number)
            return found

        wait_until(look)
        return found[0]

    def other(self) -> int:
        """Return the number of a node that has them not."""
        return (self.owner() + 1) % 3

    def move(self, tag: str = "luffy") -> None:
        """Let another node have the keys with a hash tag, all at once, as Valkey 9 does. Wait until it has them."""
        here, there, slot = self.owner(tag), self.other(), key_slot(tag.encode())
        moves = ["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", self.id(there)]
        self.nodes[here].execute_command(*moves)
        wait_until(lambda: self.owner(tag) == there)

    @contextlib.contextmanager
    def moving(self, tag: str = "luffy") -> Iterator[Callable[[], None]]:
        """Let another node have the keys with a hash tag, key by key, as all servers do. Give what moves those left."""
        here, there, slot = self.owner(tag), self.other(), key_slot(tag.encode())
        nodes = self.nodes[there], self.nodes[here]
        nodes[0].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", self.id(here))
        nodes[1].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", self.id(there))

        def move() -> None:
            while keys := nodes[1].execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
                nodes[1].execute_command("MIGRATE", "127.0.0.1", self.ports[there], "", 0, 5000, "KEYS", *keys)

        yield move
        move()
        for node in nodes:
            node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", self.id(there))

    def kill(self, number: int) -> None:
        """End a node with kill -9."""
        os.kill(self.nodes[number].info("server")["process_id"], signal.SIGKILL)

    def deaf(self, number: int) -> None:
        """Let a node hear no other any more; clients are heard. It needs `enable-debug-command local`."""
        self.nodes[number].execute_command("DEBUG", "DROP-CLUSTER-PACKET-FILTER", -2)

    def empty(self) -> None:
        """Delete all keys."""
        for node in self.nodes:
            node.flushall()

    def keys(self) -> list[set[bytes]]:
        """Return the keys of each node."""
        return [set(node.keys()) for node in self.nodes]


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something has no event to wait for is so, for 30 seconds at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it has not come true within 30 s"
        time.sleep(0.02)


@contextlib.contextmanager
def cluster(primaries: int = 3, replicas: int = 0, kind: str = VALKEY, *options: str) -> Iterator[Cluster]:
    """Run a cluster with so many primaries, and replicas of the first ones."""
    with contextlib.ExitStack() as stack:
        ports = [
            stack.enter_context(server(kind, "cluster-enabled yes", *options)) for _ in range(primaries + replicas)
        ]
        nodes = Cluster(ports)
        stack.callback(lambda: [node.close() for node in nodes.nodes])
        nodes.form(primaries)
        yield nodes
