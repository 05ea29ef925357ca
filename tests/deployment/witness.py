"""A proxy between the functions and AWS that records denied calls.

A function may recover from a denial a minute later and in another way; here no denial is lost.
"""

import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Witness:
    """Forwards every call byte for byte, so that its signature remains valid."""

    def __init__(self, service_port):
        self.calls = 0
        self.denials = []
        self.lock = threading.Lock()
        handler = type("Handler", (Passing,), {"witness": self, "service_port": service_port})
        self.server = Ear(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def saw(self, action, body, status, answer):
        """Records a call, and its response if it was denied."""
        with self.lock:
            self.calls += 1
            if status in (401, 403) or b"AccessDenied" in answer:
                self.denials.append(f"{action} on {thing(body)}: {status} {answer.decode(errors='replace')}")

    def stop(self):
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()


class Ear(ThreadingHTTPServer):
    """The listener: a function that is terminated drops its connection, which is not an error."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Passing(BaseHTTPRequestHandler):
    """One connection of a function."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """AWS's JSON protocols, the only ones the functions use, are POST only."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        upstream = http.client.HTTPConnection("127.0.0.1", self.service_port, timeout=60)
        try:
            upstream.request("POST", self.path, body, dict(self.headers.items()))
            response = upstream.getresponse()
            answer = response.read()
        finally:
            upstream.close()
        self.witness.saw(self.headers.get("x-amz-target", self.path), body, response.status, answer)
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Logs nothing: denials are reported at the end of the test."""


def thing(body):
    """The subject of a call; nothing else of its content is shown."""
    call = json.loads(body)
    named = [call[name] for name in ("SecretId", "Name", "QueueUrl", "TableName") if name in call]
    return named[0] if named else "several things"
