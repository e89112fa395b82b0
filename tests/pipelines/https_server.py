# Serves a folder over TLS and says its port. Paths below /cut/ lose their end, with the length announced; below /short/ without it.
import functools
import http.server
import os
import ssl
import sys

folder, certificate, key = sys.argv[1:4]


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind not in ("cut", "short"):
            return super().do_GET()
        try:
            with open(os.path.join(folder, rest), "rb") as file:
                body = file.read()
        except OSError:
            return self.send_error(404)
        self.send_response(200)
        if kind == "cut":
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        whole = rest.endswith("manifest.json")
        self.wfile.write(body if whole else body[: len(body) // 2])
        self.close_connection = True

    def log_message(self, format, *arguments):
        print(self.path, file=sys.stderr, flush=True)


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"port {server.server_address[1]}.", flush=True)
server.serve_forever()
