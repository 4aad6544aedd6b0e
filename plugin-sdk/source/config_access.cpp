// SPDX-License-Identifier: Apache-2.0
#include <patchbay/config_access.hpp>
#include <patchbay/host.hpp>

namespace patchbay {

namespace {

tl::unexpected<Error> wrong_type(std::string_view path, std::string_view expected) {
    return failure(
        ErrorClass::invalid, "config.wrong_type",
        "The config key '" + std::string(path) + "' must be " + std::string(expected) + ".");
}

/// Asks `read` (a slot of the table) for a value of one type.
template <class Value, class Read>
Result<std::optional<Value>> ask(const patchbay_host* host, Read read, std::string_view path,
                                 std::string_view expected) {
    Value value{};
    switch (read(host, to_abi_string(path), &value)) {
        case PATCHBAY_OK:
            return std::optional<Value>(value);
        case PATCHBAY_UNSUPPORTED:
            return std::optional<Value>{};
        default:
            return wrong_type(path, expected);
    }
}

}  // namespace

Config::Config(const patchbay_host* host)
    : host_(host),
      table_(static_cast<const patchbay_config*>(
          host->get_extension(host, to_abi_string(PATCHBAY_CONFIG_EXTENSION)))) {}

Error Config::missing(std::string_view path) {
    return {ErrorClass::invalid, "config.missing",
            "The config key '" + std::string(path) + "' is required."};
}

Error Config::out_of_range(std::string_view path, std::int64_t value, std::int64_t minimum,
                           std::uint64_t maximum) {
    return {ErrorClass::invalid, "config.out_of_range",
            "The config key '" + std::string(path) + "' is " + std::to_string(value) +
                "; it must be between " + std::to_string(minimum) + " and " +
                std::to_string(maximum) + "."};
}

Result<std::optional<std::string>> Config::read(std::string_view path, const std::string*) const {
    if (table_ == nullptr) {
        return std::optional<std::string>{};
    }
    const auto text = ask<patchbay_string>(host_, table_->text, path, "text");
    if (!text) {
        return tl::unexpected<Error>(text.error());
    }
    return *text ? std::optional<std::string>(to_view(**text)) : std::optional<std::string>{};
}

Result<std::optional<bool>> Config::read(std::string_view path, const bool*) const {
    if (table_ == nullptr) {
        return std::optional<bool>{};
    }
    return ask<bool>(host_, table_->boolean, path, "true or false");
}

Result<std::optional<double>> Config::read(std::string_view path, const double*) const {
    if (table_ == nullptr) {
        return std::optional<double>{};
    }
    return ask<double>(host_, table_->number, path, "a number");
}

Result<std::optional<std::int64_t>> Config::read_integer(std::string_view path) const {
    if (table_ == nullptr) {
        return std::optional<std::int64_t>{};
    }
    return ask<std::int64_t>(host_, table_->integer, path, "an integer");
}

Result<std::optional<std::uint64_t>> Config::list_size(std::string_view path) const {
    if (table_ == nullptr) {
        return std::optional<std::uint64_t>{};
    }
    return ask<std::uint64_t>(host_, table_->size, path, "a list");
}

std::optional<std::uint64_t> Config::size(std::string_view path) const {
    return list_size(path).value_or(std::nullopt);
}

}  // namespace patchbay
