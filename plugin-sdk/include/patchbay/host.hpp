// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host gives one instance: its name, its options and the services of abi.h section 12.
/// Every service may be missing in a host; then it does nothing, or answers `unsupported`.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/config_access.hpp>
#include <patchbay/log.hpp>
#include <patchbay/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

class Connection;
namespace detail {
class Instance;
}  // namespace detail

/// View of text for the ABI.
[[nodiscard]] inline patchbay_string to_abi_string(std::string_view text) noexcept {
    return {text.data(), text.size()};
}
[[nodiscard]] inline patchbay_bytes to_abi_bytes(std::string_view bytes) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::string_view to_view(patchbay_string text) noexcept {
    return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}
[[nodiscard]] inline std::string_view to_view(patchbay_bytes bytes) noexcept {
    return bytes.size == 0
               ? std::string_view()
               : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

/// One number of the instance, a counter or a gauge. [any-thread] [no-block]
class Metric {
  public:
    Metric() = default;
    Metric(const patchbay_host* host, const patchbay_metrics* table, std::uint32_t id)
        : host_(host), table_(table), id_(id) {}
    void add(std::int64_t amount = 1) const;
    void set(std::int64_t value) const;

  private:
    const patchbay_host* host_ = nullptr;
    const patchbay_metrics* table_ = nullptr;
    std::uint32_t id_ = 0;
};

/// Durable state of the instance: keys up to 256 bytes, values up to 1 MiB, 16 MiB in all. What
/// `put` and `erase` reported as done survives a crash. [any-thread] [may-block]
class KeyValue {
  public:
    explicit KeyValue(const patchbay_host* host);
    /// The value, or nothing.
    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const;
    [[nodiscard]] Result<void> put(std::string_view key, std::string_view value) const;
    [[nodiscard]] Result<void> erase(std::string_view key) const;

  private:
    const patchbay_host* host_;
    const patchbay_key_value* table_;
};

/// A thread that belongs to the plugin's generation. Plugins start no threads in any other way.
/// Joined by the destructor.
class Thread {
  public:
    Thread() = default;
    Thread(Thread&& other) noexcept;
    Thread& operator=(Thread&& other) noexcept;
    ~Thread();
    /// Fails with `thread.not_started`. Exceptions of `function` are logged. [any-thread]
    [[nodiscard]] static Result<Thread> start(const patchbay_host* host, std::string_view name,
                                              std::function<void()> function);
    [[nodiscard]] bool joinable() const noexcept { return thread_ != nullptr; }
    /// Waits for its end; not from itself. [may-block]
    void join();
    /// Leaves it to the host, which joins and reports it before `destroy`.
    void abandon() noexcept { thread_ = nullptr; }

  private:
    const patchbay_host* host_ = nullptr;
    patchbay_thread* thread_ = nullptr;
};

/// The host as one instance sees it. Lives from before the connection's constructor until after its
/// destructor.
class Host {
  public:
    Host(const patchbay_host* host, const patchbay_instance_options& options);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] const patchbay_host* abi() const noexcept { return host_; }
    /// Table of an extension that this SDK does not wrap, or null.
    template <class Table>
    [[nodiscard]] const Table* extension(std::string_view id) const {
        return static_cast<const Table*>(host_->get_extension(host_, to_abi_string(id)));
    }

    /// Instance's name in the host configuration.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// author/INSTANCE:version
    [[nodiscard]] const std::string& component_id() const noexcept { return component_id_; }
    /// Absolute folder for the instance's files.
    [[nodiscard]] const std::string& data_folder() const noexcept { return data_folder_; }
    /// The whole `config` as JSON text, for those who read it with a JSON library.
    [[nodiscard]] const std::string& config_json() const noexcept { return config_json_; }

    /// What the operator set; 0 leaves it to the class.
    [[nodiscard]] std::uint32_t max_in_flight() const noexcept { return max_in_flight_; }
    [[nodiscard]] std::uint32_t max_thread_workers() const noexcept { return max_thread_workers_; }
    [[nodiscard]] std::uint32_t lane_limit() const noexcept { return lane_limit_; }
    [[nodiscard]] bool ordered_sends() const noexcept { return ordered_sends_; }

    [[nodiscard]] const Log& log() const noexcept { return log_; }
    [[nodiscard]] const Config& config() const noexcept { return config_; }
    [[nodiscard]] const KeyValue& key_value() const noexcept { return key_value_; }

    /// Registers, or finds again. `name` is lower-case with underscores. [any-thread]
    [[nodiscard]] Metric counter(std::string_view name, std::string_view help) const;
    [[nodiscard]] Metric gauge(std::string_view name, std::string_view help) const;

    /// Puts input that could not become an envelope among the dead letters. [any-thread]
    Result<void> malformed(std::string_view raw, std::string_view code,
                           std::string_view text) const;

    /// Reports that the established connection broke; the host decides what follows. [any-thread]
    void connection_lost(const Error& error) const;

  private:
    friend class Connection;
    friend class detail::Instance;

    const patchbay_host* host_;
    detail::Instance* instance_ = nullptr;
    std::string name_;
    std::string component_id_;
    std::string data_folder_;
    std::string config_json_;
    std::uint32_t max_in_flight_ = 0;
    std::uint32_t max_thread_workers_ = 0;
    std::uint32_t lane_limit_ = 1;
    bool ordered_sends_ = false;
    Log log_;
    Config config_;
    KeyValue key_value_;
    const patchbay_metrics* metrics_;
    const patchbay_dead_letters* dead_letters_;
};

/// Failure as the ABI's error; the status is that of the class.
[[nodiscard]] patchbay_error to_abi_error(const Error& error) noexcept;
/// The exception being handled as an error whose text begins with `where`. Only inside a handler.
[[nodiscard]] Error describe_current_exception(std::string_view where) noexcept;

}  // namespace patchbay
