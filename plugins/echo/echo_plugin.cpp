// SPDX-License-Identifier: Apache-2.0
#include "echo_connection.hpp"

using patchbay::echo::EchoConnection;

PATCHBAY_REGISTER_BATCH_CONNECTION(EchoConnection, "EchoConnection", "patchbay/echo:0.1.0",
                                   PATCHBAY_CLASS_OVERLAPS)
