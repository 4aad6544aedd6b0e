// SPDX-License-Identifier: Apache-2.0
/// \file
/// The static objects of a plugin, destroyed when its library is unloaded.
///
/// Compilers register each destructor with `__cxa_atexit`, which is the C library's, and glibc's
/// table is made for libraries that end in the reverse order of their begin. A reload is the
/// opposite: the next generation registers before the last one is gone, and what that one leaves
/// empty is not used again. Each reload would lose some hundred bytes for ever. Hence a plugin
/// keeps the table itself: PATCHBAY_KEEP_STATIC_OBJECTS defines `__cxa_atexit` inside of the
/// library, where its own calls are bound to it, and the table goes when the library goes.
///
/// PATCHBAY_REGISTER_CONNECTION and its relatives contain it. Where libraries are no ELF files it
/// does nothing.
#pragma once

namespace patchbay::detail {

/// Calls `destroy(object)` when the library of this code is unloaded, or at the end of the process;
/// the last one registered comes first. Any thread. 0, or -1 without memory.
int destroy_at_unload(void (*destroy)(void*), void* object) noexcept;

}  // namespace patchbay::detail

#if defined(__ELF__)
/* By another name in the language, because <cxxabi.h> may have declared it already. */
#define PATCHBAY_KEEP_STATIC_OBJECTS                                                   \
    extern "C" __attribute__((visibility("hidden"))) int patchbay_keep_static_object(  \
        void (*destroy)(void*), void* object, void*) noexcept __asm__("__cxa_atexit"); \
    extern "C" int patchbay_keep_static_object(void (*destroy)(void*), void* object,   \
                                               void*) noexcept {                       \
        return ::patchbay::detail::destroy_at_unload(destroy, object);                 \
    }
#else
#define PATCHBAY_KEEP_STATIC_OBJECTS
#endif
