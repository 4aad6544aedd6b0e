# SPDX-License-Identifier: Apache-2.0
"""HTTP through the real program: http_server, multiplexer and echo, from real clients."""

import hashlib
import http.client
import http.server
import json
import socket
import ssl
import subprocess
import threading
import unittest

from harness import SOURCE, Host, HostTest


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class HttpTest(HostTest):
    def config(self, name, **options):
        """A shipped configuration on a port of its own, with further options for http_server."""
        self.port = free_port()
        path = self.copy_config(name)
        text = path.read_text()
        more = "".join(f", {key}: {value}" for key, value in options.items())
        self.assertIn("port: 8000", text)
        path.write_text(text.replace("port: 8000", f"port: {self.port}{more}"))
        return path

    def ask(self, method, path, body=None, headers=None, connection=None):
        client = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        answer.text = answer.read()
        if connection is None:
            client.close()
        return answer


class Echo(HttpTest):
    def test_echo_answers_like_a_small_httpbin(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            answer = self.ask("POST", "/hello", b"x", {"Content-Type": "text/x"})
            self.assertEqual((answer.status, answer.reason, answer.text), (200, "OK", b"x"))
            self.assertEqual(answer.headers["Content-Type"], "text/x")

            answer = self.ask("GET", "/status/418")
            self.assertEqual((answer.status, answer.reason, answer.text), (418, "Status 418", b""))

            answer = self.ask("GET", "/reply")
            self.assertEqual(answer.text, b"hi")
            self.assertEqual(answer.headers["X-One"], "1")
            self.assertEqual(answer.headers["X-Two"], "a b")
            self.assertEqual(answer.headers["Content-Type"], "text/x-probe")

            body = bytes(range(256)) * 1000
            seen = json.loads(self.ask("PUT", "/seen?a=b%20c", body, {"X-Two": "1"}).text)
            self.assertEqual(seen["method"], "put")
            self.assertEqual(seen["url"], f"http://127.0.0.1:{self.port}/seen?a=b%20c")
            self.assertEqual(seen["version"], "HTTP/1.1")
            self.assertIn(["X-Two", "1"], seen["headers"])
            self.assertEqual(seen["body_length"], len(body))
            self.assertEqual(seen["body_sha256"], hashlib.sha256(body).hexdigest())

            answer = self.ask("HEAD", "/reply")
            self.assertEqual((answer.headers["Content-Length"], answer.text), ("2", b""))
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_nobody_answers_in_time(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            answer = self.ask("GET", "/silent")
            self.assertEqual((answer.status, answer.reason), (408, "Request Timeout"))
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_pipelined_requests_are_answered_in_their_order(self):
        with Host(self.config("http-echo.yaml", lanes=2)).wait_ready() as host:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
                numbers = range(200, 320)
                client.sendall(b"".join(
                    b"GET /status/%d HTTP/1.1\r\nHost: a\r\n%s\r\n"
                    % (n, b"Connection: close\r\n" if n == numbers[-1] else b"")
                    for n in numbers if n not in (204, 304)))
                got = b""
                while block := client.recv(65536):
                    got += block
            lines = [line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
            self.assertEqual(lines, [b"HTTP/1.1 %d Status %d" % (n, n)
                                     for n in numbers if n not in (204, 304)])
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_parallel_clients_all_get_their_own_answer(self):
        with Host(self.config("http-echo.yaml", lanes=2)).wait_ready() as host:
            wrong = []

            def work(number):
                client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                for i in range(50):
                    body = b"%d-%d" % (number, i) * (i * 40 + 1)
                    if self.ask("POST", "/x", body, connection=client).text != body:
                        wrong.append((number, i))
                client.close()

            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_quickstart_serves_http_too(self):
        with Host(self.config("quickstart.yaml")).wait_ready() as host:
            self.assertEqual(self.ask("POST", "/hello", b"x").text, b"x")
            self.assertEqual(host.stop(), 0, host.log_text())


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and remembers how often it was connected to."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        type(self).connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/moved"):
            self.send_response(302, "Elsewhere")
            self.send_header("Location", "/other")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        told = json.dumps({"method": self.command, "path": self.path, "body": body.decode(),
                           "headers": self.headers.items()}).encode()
        self.send_response(200, "Fine")
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_HEAD = do_POST = do_GET


class Proxy(HttpTest):
    def proxy(self, upstream_port):
        path = self.config("http-proxy.yaml")
        text = path.read_text()
        self.assertIn('"http://127.0.0.1:9000"', text)
        path.write_text(text.replace('"http://127.0.0.1:9000"',
                                     f'"http://127.0.0.1:{upstream_port}"'))
        return path

    def start_upstream(self):
        """A server of a class of its own, so that what it remembers is its own."""
        handler = type("Upstream", (Upstream,), {})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_requests_reach_the_upstream_server_and_its_answers_the_client(self):
        upstream = self.start_upstream()
        port = upstream.server_address[1]
        with Host(self.proxy(port)).wait_ready() as host:
            answer = self.ask("POST", "/a/b?c=d%20e&f", b"body", {"X-One": "1", "Cookie": "k=v"})
            self.assertEqual((answer.status, answer.reason), (200, "Fine"))
            self.assertEqual(answer.headers.get_all("Set-Cookie"), ["a=1", "b=2"])
            told = json.loads(answer.text)
            self.assertEqual((told["method"], told["path"], told["body"]),
                             ("POST", "/a/b?c=d%20e&f", "body"))
            self.assertIn(["Host", f"127.0.0.1:{port}"], told["headers"])
            self.assertEqual([name for name, _ in told["headers"]].count("Host"), 1)
            self.assertIn(["X-One", "1"], told["headers"])
            self.assertIn(["Cookie", "k=v"], told["headers"])

            answer = self.ask("HEAD", "/")
            self.assertEqual((answer.status, answer.text), (200, b""))
            self.assertEqual(answer.headers["Content-Type"], "application/json")

            answer = self.ask("GET", "/moved")  # is for the client to follow
            self.assertEqual((answer.status, answer.headers["Location"]), (302, "/other"))

            for number in range(20):
                told = json.loads(self.ask("POST", f"/{number}", b"x" * 20000).text)
                self.assertEqual((told["path"], len(told["body"])), (f"/{number}", 20000))
            self.assertEqual(upstream.RequestHandlerClass.connections, 1)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_parallel_clients_all_get_their_own_answer(self):
        upstream = self.start_upstream()
        with Host(self.proxy(upstream.server_address[1])).wait_ready() as host:
            wrong = []

            def work(number):
                for i in range(20):
                    told = json.loads(self.ask("GET", f"/{number}/{i}").text)
                    if told["path"] != f"/{number}/{i}":
                        wrong.append((number, i, told["path"]))

            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_an_upstream_server_that_is_gone_gives_status_600_and_the_reason(self):
        with Host(self.proxy(free_port())).wait_ready() as host:
            answer = self.ask("GET", "/")
            self.assertEqual((answer.status, answer.reason), (600, "HTTPConnection request error."))
            self.assertEqual(answer.text, b"The connection was refused. [connect.refused]")
            self.assertEqual(host.stop(), 0, host.log_text())


class Server(HttpTest):
    def test_https(self):
        config = self.config("http-echo.yaml", ssl_cert=self.root / "cert.pem",
                             ssl_key=self.root / "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.root / "key.pem", "-out",
             self.root / "cert.pem"], check=True, capture_output=True)
        with Host(config).wait_ready() as host:
            trust = ssl.create_default_context(cafile=self.root / "cert.pem")
            client = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=trust)
            body = b"secret" * 50000
            self.assertEqual(self.ask("POST", "/x", body, connection=client).text, body)
            seen = json.loads(self.ask("GET", "/seen", connection=client).text)
            self.assertEqual(seen["url"], f"https://localhost:{self.port}/seen")
            client.close()
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_second_server_on_the_port_says_so(self):
        config = self.config("http-echo.yaml")
        with Host(config).wait_ready() as host:
            other = config.with_name("other.yaml")
            other.write_text(config.read_text().replace("./data/", "./other/"))
            second = Host(other)
            with second:
                self.assertEqual(second.process.wait(timeout=60), 1)
                self.assertIn("listen.address_in_use", second.log_text())
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_requests_in_progress_are_answered_when_the_host_stops(self):
        with Host(self.config("http-echo.yaml")).wait_ready() as host:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
                client.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
                # Answered on the same lane, hence after the other one was taken.
                self.assertEqual(self.ask("GET", "/reply").status, 200)
                host.stop()
                got = b""
                while block := client.recv(65536):
                    got += block
            self.assertIn(b"HTTP/1.1 500 Server terminated unexpectedly.", got)

    def test_an_access_log_has_a_line_per_request(self):
        log = self.root / "access.log"
        config = self.config("http-echo.yaml", access_log=log, access_log_format="json")
        with Host(config).wait_ready() as host:
            self.assertEqual(self.ask("GET", '/a?"').status, 400)
            self.assertEqual(self.ask("GET", "/reply").status, 200)
            self.ask("GET", "/status/418?a", headers={"User-Agent": 'a"b'})
            self.assertEqual(host.stop(), 0, host.log_text())
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([line["status"] for line in lines], [400, 200, 418])
        self.assertEqual([line["target"] for line in lines], ["-", "/reply", "/status/418?a"])
        self.assertEqual({line["client"] for line in lines}, {"127.0.0.1"})
        self.assertEqual(lines[2]["user_agent"], 'a"b')


class Specification(HttpTest):
    """Requests are checked against tests/data/openapi before anybody sees them."""

    PETS = SOURCE / "tests/data/openapi/petstore-3.0.yaml"
    JSON = {"Content-Type": "application/json"}

    def test_requests_outside_of_it_are_not_found(self):
        config = self.config("http-echo.yaml", api_spec_path=self.PETS)
        with Host(config).wait_ready() as host:
            pet = b'{"name": "Rex", "kind": "dog"}'
            answer = self.ask("POST", "/pets", pet, self.JSON)
            self.assertEqual((answer.status, answer.text), (200, pet))
            self.assertEqual(self.ask("GET", "/v1/pets?limit=3&tags=a&tags=b").status, 200)

            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            for method, path, body, headers in [
                    ("GET", "/dogs", None, {}), ("PATCH", "/pets/7", b"x", {}),
                    ("GET", "/pets?limit=101", None, {}), ("POST", "/pets", b"{}", self.JSON),
                    ("POST", "/pets", b"{", self.JSON)]:
                answer = self.ask(method, path, body, headers, client)
                self.assertEqual((answer.status, answer.reason), (404, "Request Not Found"), path)
                self.assertNotIn("Allow", answer.headers)
            # The connection stays in use.
            self.assertEqual(self.ask("POST", "/pets", pet, self.JSON, client).text, pet)
            client.close()
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_precise_statuses_say_what_is_wrong(self):
        config = self.config("http-echo.yaml", api_spec_path=self.PETS, precise_status="true")
        with Host(config).wait_ready() as host:
            trace = {"X-Trace": "1,2"}
            for method, path, body, headers, status in [
                    ("GET", "/dogs", None, {}, (404, "Not Found")),
                    ("GET", "/pets?limit=many", None, {}, (400, "Bad Request")),
                    ("GET", "/pets/7", None, {}, (400, "Bad Request")),
                    ("GET", "/pets/7", None, trace, (200, "OK")),
                    ("POST", "/pets", b"", self.JSON, (400, "Bad Request")),
                    ("POST", "/pets", b"{", self.JSON, (400, "Bad Request")),
                    ("POST", "/pets", b"<x/>", {"Content-Type": "application/xml"},
                     (415, "Unsupported Media Type")),
                    ("POST", "/pets", b'{"name": ""}', self.JSON, (422, "Unprocessable Entity")),
                    ("POST", "/pets", b'{"name": "x"}', self.JSON, (200, "OK"))]:
                answer = self.ask(method, path, body, headers)
                self.assertEqual((answer.status, answer.reason), status, f"{method} {path} {body}")
            answer = self.ask("PATCH", "/pets/7", b"x")
            self.assertEqual((answer.status, answer.reason), (405, "Method Not Allowed"))
            self.assertEqual(answer.headers["Allow"], "DELETE, GET, HEAD, OPTIONS")
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_the_host_is_compared_when_asked(self):
        config = self.config("http-echo.yaml", api_spec_path=self.PETS, precise_status="true",
                             check_host="true")
        with Host(config).wait_ready() as host:
            here = {"Host": "eu.pets.example:80"}
            self.assertEqual(self.ask("GET", "/v1/pets", headers=here).status, 200)
            self.assertEqual(self.ask("GET", "/v1/pets").status, 404)
            self.assertEqual(self.ask("GET", "/internal/pets").status, 200)
            self.assertEqual(host.stop(), 0, host.log_text())

    def test_a_broken_specification_ends_the_start_with_every_place(self):
        broken = self.root / "api.yaml"
        broken.write_text("openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /a/{id}:\n"
                          "    gett: {responses: {}}\n  b: {}\n")
        with Host(self.config("http-echo.yaml", api_spec_path=broken)) as host:
            self.assertEqual(host.wait(), 1)
            log = host.log_text()
            self.assertIn("openapi.invalid", log)
            self.assertIn(f"{broken}:5:5: a path has no field `gett`; did you mean `get`?", log)
            self.assertIn(f"{broken}:6:3: the path `b` must begin with `/`", log)

    def test_a_missing_specification_is_named(self):
        missing = self.root / "nowhere.yaml"
        with Host(self.config("http-echo.yaml", api_spec_path=missing)) as host:
            self.assertEqual(host.wait(), 1)
            self.assertIn(f"The specification '{missing}' cannot be read", host.log_text())


if __name__ == "__main__":
    unittest.main()
