// SPDX-License-Identifier: Apache-2.0
#include "instance.hpp"

#include <patchbay/registration.hpp>

namespace patchbay::detail {

patchbay_status create_instance(ConnectionFactory factory, const patchbay_host* host,
                                const patchbay_instance_options* options, patchbay_created* created,
                                patchbay_error* error) noexcept {
    try {
        auto instance = std::make_unique<Instance>(host, *options, factory);
        created->lane_count = instance->lane_count();
        created->instance = instance.release();
        return PATCHBAY_OK;
    } catch (...) {
        const patchbay_error caught = to_abi_error(describe_current_exception("the constructor"));
        return patchbay_error_set(error, caught.status, caught.code, caught.text);
    }
}

void PATCHBAY_CALL destroy_instance(void* instance) noexcept {
    delete static_cast<Instance*>(instance);
}

void PATCHBAY_CALL run_instance(void* instance, patchbay_lane* lane, std::uint32_t index) noexcept {
    auto& self = *static_cast<Instance*>(instance);
    try {
        self.run(index, lane);
    } catch (...) {
        const Error error = describe_current_exception("the loop of a lane");
        self.host().log().error(to_string(error));
        self.host().connection_lost(error);
    }
}

}  // namespace patchbay::detail
