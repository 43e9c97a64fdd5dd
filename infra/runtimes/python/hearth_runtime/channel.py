"""The socket to the worker.

Frames both ways: u32be length of the rest | u8 type | u32be header length | header JSON | body bytes.
"""

# The C module alone: `socket` would load `selectors` and `enum` tables on every cold start for nothing.
import _socket
import json
import struct

READY, RESPONSE, ERROR, INIT_ERROR, INVOKE = 1, 2, 3, 4, 16


class WorkerGone(Exception):
    """The worker closed the socket."""


class Channel:
    def __init__(self, path):
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(path)

    def send(self, kind, header, body=b""):
        head = json.dumps(header).encode("utf-8")
        self._socket.sendall(struct.pack(">IBI", 5 + len(head) + len(body), kind, len(head)) + head + body)

    def receive(self):
        """Blocks until a frame is there; returns (type, header, body)."""
        (length,) = struct.unpack(">I", self._read(4))
        frame = memoryview(self._read(length))
        kind, head_length = struct.unpack_from(">BI", frame)
        return kind, json.loads(bytes(frame[5 : 5 + head_length])), bytes(frame[5 + head_length :])

    def close(self):
        self._socket.close()

    def _read(self, size):
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self._socket.recv_into(view)
            if count == 0:
                raise WorkerGone()
            view = view[count:]
        return buffer
