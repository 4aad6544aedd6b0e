// SPDX-License-Identifier: Apache-2.0
#include "http_client_connection.hpp"

#include <patchbay/connection.hpp>

PATCHBAY_REGISTER_CONNECTION(patchbay::http_client::HttpClientConnection, "HTTPClientConnection",
                             "valory/http_client:0.23.0", PATCHBAY_CLASS_OVERLAPS)
