// SPDX-License-Identifier: Apache-2.0
/// \file
/// libcurl's multi interface as its documentation shows it: one thread, CONNECTIONS easy handles
/// that are used again and again, `curl_multi_perform` and `curl_multi_poll`. (With 64 connections
/// that is faster than `curl_multi_socket_action` with epoll.)
///
/// usage: curl_client PORT CONNECTIONS SECONDS PATH
#include "../shared/measurement.hpp"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using bench::Measurement;

std::size_t ignore_body(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

struct Request {
    CURL* handle = nullptr;
    Measurement::Clock::time_point sent;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: curl_client PORT CONNECTIONS SECONDS PATH\n");
        return 2;
    }
    const std::string url = "http://127.0.0.1:" + std::string(argv[1]) + argv[4];
    std::vector<Request> requests(static_cast<std::size_t>(std::atoi(argv[2])));
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM* multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(requests.size()));

    Measurement measurement(std::atof(argv[3]));
    auto now = Measurement::Clock::now();
    for (Request& request : requests) {
        request.handle = curl_easy_init();
        curl_easy_setopt(request.handle, CURLOPT_URL, url.c_str());
        curl_easy_setopt(request.handle, CURLOPT_WRITEFUNCTION, ignore_body);
        curl_easy_setopt(request.handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(request.handle, CURLOPT_TIMEOUT, 300L);  // as http_client has one
        curl_easy_setopt(request.handle, CURLOPT_PRIVATE, &request);
        request.sent = now;
        curl_multi_add_handle(multi, request.handle);
    }
    while (!measurement.over(now)) {
        int running = 0;
        curl_multi_perform(multi, &running);
        bool any = false;
        int queued = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi, &queued)) {
            any = true;
            Request* request = nullptr;
            long status = 0;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            const bool good = message->data.result == CURLE_OK && status == 200;
            now = Measurement::Clock::now();
            measurement.answered(request->sent, now, good);
            request->sent = now;
            curl_multi_remove_handle(multi, request->handle);
            curl_multi_add_handle(multi, request->handle);
        }
        if (!any) {
            curl_multi_poll(multi, nullptr, 0, 100, nullptr);
            now = Measurement::Clock::now();
        }
    }
    std::puts(measurement.json().c_str());
    for (const Request& request : requests) {
        curl_multi_remove_handle(multi, request.handle);
        curl_easy_cleanup(request.handle);
    }
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    return 0;
}
