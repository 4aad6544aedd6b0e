// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything for writing a connection in C++: include this alone. `Connection` is the asynchronous
/// interface, `BaseSyncConnection` the one with blocking functions on a pool of threads.
#pragma once

#include <patchbay/async_connection.hpp>   // IWYU pragma: export
#include <patchbay/awaitable.hpp>          // IWYU pragma: export
#include <patchbay/envelope.hpp>           // IWYU pragma: export
#include <patchbay/envelope_exchange.hpp>  // IWYU pragma: export
#include <patchbay/host.hpp>               // IWYU pragma: export
#include <patchbay/lane.hpp>               // IWYU pragma: export
#include <patchbay/registration.hpp>       // IWYU pragma: export
#include <patchbay/result.hpp>             // IWYU pragma: export
#include <patchbay/sync_connection.hpp>    // IWYU pragma: export
