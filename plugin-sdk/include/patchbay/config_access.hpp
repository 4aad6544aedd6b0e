// SPDX-License-Identifier: Apache-2.0
/// \file
/// The instance's `config`: values by path, keys and list indexes joined with dots.
///
///     const auto port = config().get<std::uint16_t>("port", 8000);        // in the constructor
///     const auto key  = config().get<std::string>("tls.key_file");        // required
///
/// `get` throws `ConfigError`, which the SDK turns into the instance's failure to be created, with
/// a text that names the key and what was expected. `find` is for code that must not throw.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

/// A key of `config` is missing or has another type. Codes: `config.missing`, `config.wrong_type`,
/// `config.out_of_range`.
class ConfigError : public std::runtime_error {
  public:
    explicit ConfigError(Error error)
        : std::runtime_error(to_string(error)), error_(std::move(error)) {}
    [[nodiscard]] const Error& error() const noexcept { return error_; }

  private:
    Error error_;
};

/// Types that `Config` reads: std::string, bool, double, every integer type, and lists of these.
/// [any-thread] [no-block]; made for the constructor of a connection.
class Config {
  public:
    explicit Config(const patchbay_host* host);

    /// The value, or nothing when the key is absent or null; a failure when it has another type.
    template <class T>
    [[nodiscard]] Result<std::optional<T>> find(std::string_view path) const {
        return read(path, static_cast<const T*>(nullptr));
    }

    /// The required value. Throws ConfigError.
    template <class T>
    [[nodiscard]] T get(std::string_view path) const {
        auto value = or_throw(find<T>(path));
        if (!value) {
            throw ConfigError(missing(path));
        }
        return std::move(*value);
    }

    /// The value, or `default_value` when the key is absent. Throws ConfigError on another type.
    template <class T>
    [[nodiscard]] T get(std::string_view path, T default_value) const {
        auto value = or_throw(find<T>(path));
        return value ? std::move(*value) : std::move(default_value);
    }

    /// Entries of a list or keys of a map; nothing when the key is absent or neither.
    [[nodiscard]] std::optional<std::uint64_t> size(std::string_view path) const;

  private:
    template <class T>
    static std::optional<T> or_throw(Result<std::optional<T>> result) {
        if (!result) {
            throw ConfigError(std::move(result.error()));
        }
        return std::move(*result);
    }

    static Error missing(std::string_view path);
    static Error out_of_range(std::string_view path, std::int64_t value, std::int64_t minimum,
                              std::uint64_t maximum);

    Result<std::optional<std::string>> read(std::string_view path, const std::string*) const;
    Result<std::optional<bool>> read(std::string_view path, const bool*) const;
    Result<std::optional<double>> read(std::string_view path, const double*) const;
    Result<std::optional<std::int64_t>> read_integer(std::string_view path) const;
    Result<std::optional<std::uint64_t>> list_size(std::string_view path) const;

    template <std::integral T>
    Result<std::optional<T>> read(std::string_view path, const T*) const {
        const auto value = read_integer(path);
        if (!value) {
            return tl::unexpected<Error>(value.error());
        }
        if (!*value) {
            return std::optional<T>{};
        }
        if (!std::in_range<T>(**value)) {
            return tl::unexpected<Error>(out_of_range(
                path, **value, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
        }
        return std::optional<T>(static_cast<T>(**value));
    }

    template <class T>
    Result<std::optional<std::vector<T>>> read(std::string_view path, const std::vector<T>*) const {
        const auto entries = list_size(path);
        if (!entries) {
            return tl::unexpected<Error>(entries.error());
        }
        if (!*entries) {
            return std::optional<std::vector<T>>{};
        }
        std::vector<T> list;
        for (std::uint64_t i = 0; i < **entries; ++i) {
            const std::string entry = std::string(path) + '.' + std::to_string(i);
            auto value = find<T>(entry);
            if (!value) {
                return tl::unexpected<Error>(std::move(value.error()));
            }
            if (!*value) {
                return tl::unexpected<Error>(missing(entry));
            }
            list.push_back(std::move(**value));
        }
        return std::optional<std::vector<T>>(std::move(list));
    }

    const patchbay_host* host_;
    const patchbay_config* table_;
};

}  // namespace patchbay
