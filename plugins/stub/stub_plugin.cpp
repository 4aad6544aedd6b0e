// SPDX-License-Identifier: Apache-2.0
#include "stub_connection.hpp"

using patchbay::stub::StubConnection;

PATCHBAY_REGISTER_CONNECTION(StubConnection, "StubConnection", "fetchai/stub:0.21.0")
