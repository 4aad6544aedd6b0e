// SPDX-License-Identifier: Apache-2.0
/// \file
/// Failures on their way across the ABI, and the end of every exception.
#include <patchbay/config_access.hpp>
#include <patchbay/host.hpp>

#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <string>

namespace patchbay {

namespace {

template <std::size_t capacity>
void copy_cut(char (&target)[capacity], const std::string& text) noexcept {
    const std::size_t size = text.size() < capacity - 1 ? text.size() : capacity - 1;
    text.copy(target, size);
    target[size] = '\0';
}

}  // namespace

patchbay_error to_abi_error(const Error& error) noexcept {
    patchbay_error abi{};
    abi.struct_size = sizeof abi;
    abi.status = static_cast<patchbay_status>(error.error_class);
    copy_cut(abi.code, error.code);
    copy_cut(abi.text, error.message);
    return abi;
}

Error describe_current_exception(std::string_view where) noexcept {
    try {
        const std::string prefix = std::string(where) + ": ";
        try {
            throw;
        } catch (const ConfigError& exception) {
            return exception.error();
        } catch (const boost::system::system_error& exception) {
            // Asio's operation_aborted. Asio itself stays out of connections that do without it.
            if (exception.code() == boost::system::errc::operation_canceled) {
                return {ErrorClass::failed, "operation.cancelled", prefix + "cancelled"};
            }
            return {ErrorClass::failed, "system." + std::to_string(exception.code().value()),
                    prefix + exception.what()};
        } catch (const std::bad_alloc&) {
            return {ErrorClass::overloaded, "memory.exhausted", prefix + "out of memory"};
        } catch (const std::exception& exception) {
            return {ErrorClass::failed, "exception", prefix + exception.what()};
        } catch (...) {
            return {ErrorClass::failed, "exception", prefix + "an exception without a text"};
        }
    } catch (...) {
        return {};  // no memory even for the text
    }
}

}  // namespace patchbay
