// SPDX-License-Identifier: Apache-2.0
#include "http_server_connection.hpp"

#include <patchbay/registration.hpp>

PATCHBAY_REGISTER_CONNECTION(patchbay::http_server::HttpServerConnection, "HTTPServerConnection",
                             "valory/http_server:0.22.0", PATCHBAY_CLASS_OVERLAPS)
