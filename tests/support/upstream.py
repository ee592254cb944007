"""A provider on loopback, in a thread: a real server, whose answers a test gives."""

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Asked(BaseHTTPRequestHandler):
    """One request, and the way to answer it."""

    protocol_version = "HTTP/1.1"

    def __init__(self, upstream, *connection):
        self._upstream = upstream
        super().__init__(*connection)

    def do_POST(self):
        self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._upstream.answer(self)

    def log_message(self, *_):
        pass

    def begin(self, status, **headers):
        """Send the head; `_` in a header's name stands for `-`."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def end(self, told, status=200):
        """Send all of an answer."""
        body = json.dumps(told).encode()
        self.begin(status, content_type="application/json", content_length=str(len(body)))
        self.wfile.write(body)


class Upstream:
    """Serves until it is closed. Whoever makes one of it says what `answer` does with what was `Asked`."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Asked, self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.origin}/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def completion(text, model="m"):
    """A chat completion that says this."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    told = {"id": "c", "object": "chat.completion", "created": 1, "model": model}
    return {**told, "choices": [choice], "usage": usage}
