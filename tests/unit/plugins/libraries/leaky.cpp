// SPDX-License-Identifier: Apache-2.0
// Built without the SDK's link options: it shows everything, a unique symbol among it, carries no
// note, and says that it must not be unloaded.
#include <patchbay/abi.h>

#include <cstdlib>

template <class T>
struct Counter {
    static int& value() {
        static int count = 0;
        return count;
    }
};

int leak_one() {
    return ++Counter<int>::value() + std::atoi("1");
}

extern "C" patchbay_status patchbay_plugin_entry(const patchbay_entry_options*, patchbay_plugin*,
                                                 patchbay_error* error) {
    leak_one();
    return patchbay_error_set(error, PATCHBAY_FAILED, "leaky.not_for_loading", "only to be read");
}
