// SPDX-License-Identifier: Apache-2.0
#include "batch_traffic.hpp"

#include <patchbay/batch.hpp>

namespace patchbay {

char* Batch::reply(std::size_t index, std::size_t size) {
    return traffic_.reply(index, size);
}

void Batch::fail(std::size_t index, const Error& error) {
    traffic_.fail(index, error);
}

void Batch::not_mine(std::size_t index) {
    traffic_.not_mine(index);
}

void Batch::keep(std::size_t index) {
    traffic_.keep(index);
}

}  // namespace patchbay
