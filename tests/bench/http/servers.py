# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared. All answer a small 200 to any GET, on loopback, without an access log."""

import http.client
import ssl

from host import run_host
from machine import free_port
from processes import Process

CANDIDATES = ("nginx", "beast", "ours")

# nginx and Beast answer 13 bytes to /hello. Ours asks echo for /reply, whose answer has three headers
# of its own and the body `hi`: no less work than theirs.
PATHS = {"nginx": "/hello", "beast": "/hello", "ours": "/reply"}

NGINX = """
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; multi_accept on; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} {listen} reuseport backlog=4096;
        {tls}
        location / {{ default_type text/plain; return 200 "Hello, World!"; }}
    }}
}}
"""


class Server:
    """One candidate on a port of its own. `tls` is a Certificate or None."""

    def __init__(self, candidate, cores, tls, placement, folder, build):
        self.candidate = candidate
        self.tls = tls
        self.port = free_port()
        name = f"{candidate}-{cores}{'-tls' if tls else ''}"
        self.folder = folder / name
        self.folder.mkdir()
        command = {"nginx": self._nginx, "beast": self._beast, "ours": self._ours}[candidate](cores, build)
        self.process = Process(name, command, folder, placement.server)
        try:
            self.process.wait_until(self._answers)
        except BaseException:
            self.process.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()

    @property
    def url(self):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}{PATHS[self.candidate]}"

    def _nginx(self, cores, _):
        tls = f"ssl_certificate {self.tls.certificate}; ssl_certificate_key {self.tls.key}; " \
              "ssl_protocols TLSv1.2 TLSv1.3;" \
              if self.tls else ""
        file = self.folder / "nginx.conf"
        file.write_text(NGINX.format(workers=cores, folder=self.folder, port=self.port,
                                     listen="ssl" if self.tls else "", tls=tls))
        return ["nginx", "-e", "stderr", "-p", self.folder, "-c", file]

    def _beast(self, cores, build):
        return [build / "tests/bench/http/beast_server", self.port, cores,
                *((self.tls.certificate, self.tls.key) if self.tls else ())]

    def _ours(self, cores, build):
        config = {"host": "127.0.0.1", "port": self.port, "target_skill_id": "patchbay/echo:0.1.0",
                  "lanes": cores, "max_connections": 20000, "max_connections_per_address": 20000}
        if self.tls:
            config |= {"ssl_cert": str(self.tls.certificate), "ssl_key": str(self.tls.key)}
        return run_host(self.folder, build, [
            {"class": "valory/http_server:0.22.0", "required": True, "config": config},
            {"class": "patchbay/echo:0.1.0", "required": True}],
            inbound=[{"protocol": "valory/http:1.0.0", "to": "echo"}])

    def _answers(self):
        try:
            connection = self._connection()
            connection.request("GET", PATHS[self.candidate])
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _connection(self):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=2, context=trusting_context())


def trusting_context():
    """The benchmark's own certificate needs no check."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
