"""Sockets. Most only the filter refuses; there are listeners for them, so that without it all would work."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.sandbox.registry import Refused, blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_MPTCP = 262  # linux/in.h
_PACKET, _VSOCK, _ALG, _XDP = 17, 40, 38, 44  # linux/socket.h


def made(family: int, kind: int, protocol: int = 0) -> str:
    with socket.socket(family, kind, protocol) as one:
        return f"made a socket: {one}"


@blocked("seccomp", "landlock4", "bubblewrap")
def connect_tcp(scene: Scene) -> str:
    with socket.create_connection(("127.0.0.1", scene.tcp)) as one:
        return f"connected: {one}"


@blocked("seccomp", "bubblewrap")
def connect_multipath_tcp(scene: Scene) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, _MPTCP) as one:
        one.connect(("127.0.0.1", scene.tcp))
        return f"connected: {one}"


@blocked("seccomp", "landlock4", "bubblewrap")
def fetch_page(scene: Scene) -> str:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{scene.tcp}/", timeout=2) as page:
            return f"fetched {page.status}"
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from error


@blocked("seccomp")
def send_udp(scene: Scene) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return f"sent {one.sendto(b'x', ('127.0.0.1', scene.udp))}"


@blocked("seccomp")
def make_tcp_6(_: Scene) -> str:
    return made(socket.AF_INET6, socket.SOCK_STREAM)


@blocked("seccomp", "bubblewrap")
def connect_unix(scene: Scene) -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(scene.socket + ".stream")
        return "connected"


@blocked("seccomp", "bubblewrap")
def send_unix(scene: Scene) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        return f"sent {one.sendto(b'x', scene.socket)}"


@blocked("seccomp", "landlock6", "bubblewrap")
def connect_abstract(scene: Scene) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect("\0" + scene.abstract)
        return "connected"


@blocked("seccomp", "bubblewrap")
def send_from_pair(scene: Scene) -> str:
    """One of a pair of datagram sockets sends to any name."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        return f"sent {one.sendto(b'x', scene.socket)}"


@blocked("seccomp", "landlock6", "bubblewrap")
def send_abstract_from_pair(scene: Scene) -> str:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        return f"sent {one.sendto(b'x', chr(0) + scene.abstract)}"


@blocked("seccomp", "bubblewrap")
def connect_from_pair(scene: Scene) -> str:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.connect(scene.socket)
        return f"sent {one.send(b'x')}"


@blocked("seccomp", "bubblewrap")
def message_from_pair(scene: Scene) -> str:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        return f"sent {one.sendmsg([b'x'], [], 0, scene.socket)}"


@blocked("seccomp", "landlock4")
def listen(_: Scene) -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        return f"listens: {one}"


@blocked("seccomp")
def listen_unbound(_: Scene) -> str:
    """The kernel chooses a port for a socket without one."""
    with socket.socket() as one:
        one.listen()
        return f"listens: {one}"


@blocked("seccomp")
def bind_from_pair(scene: Scene) -> str:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.bind("\0" + scene.abstract + "-mine")
        return "bound"


@blocked("seccomp")
def make_netlink(_: Scene) -> str:
    return made(socket.AF_NETLINK, socket.SOCK_RAW)


@blocked("seccomp", "bubblewrap")
def make_raw(_: Scene) -> str:
    return made(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


@blocked("seccomp")
def make_ping(_: Scene) -> str:
    return made(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)


@blocked("seccomp", "bubblewrap")
def make_packet(_: Scene) -> str:
    return made(_PACKET, socket.SOCK_RAW)


@blocked("seccomp")
def make_machine_socket(_: Scene) -> str:
    return made(_VSOCK, socket.SOCK_STREAM)


@blocked("seccomp")
def make_crypto_socket(_: Scene) -> str:
    return made(_ALG, socket.SOCK_SEQPACKET)


@blocked("seccomp")
def make_express_socket(_: Scene) -> str:
    return made(_XDP, socket.SOCK_RAW)


@blocked("seccomp", "bubblewrap")
def resolve_name(_: Scene) -> str:
    try:
        return str(socket.getaddrinfo("escape.invalid", 80))
    except socket.gaierror as error:
        raise Refused(str(error)) from error
