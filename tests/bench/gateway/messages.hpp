// SPDX-License-Identifier: Apache-2.0
/// \file
/// The measurement of messages: each channel has a number of them under way all the time.
#pragma once

#include "channel.hpp"

#include <cstddef>
#include <string>

namespace bench {

/// Keeps `in_flight` messages under way on each of `channels` for `seconds`, on one thread. Returns
/// the line of JSON of measurement.hpp. Ends the program when nothing comes for five seconds.
[[nodiscard]] std::string measure_messages(Wire& wire, std::size_t channels, std::size_t in_flight,
                                           double seconds);

}  // namespace bench
