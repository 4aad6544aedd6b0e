// SPDX-License-Identifier: Apache-2.0
// The extensions of abi.h, section 12, as tables of thunks; those of
// sockets and identity are in abi_sockets.cpp and abi_identity.cpp.
#include "plugins/abi_host.hpp"
#include "plugins/lane_timers.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace patchbay::plugins {
namespace {

using multiplexer::Lane;

// ---- log ----

constexpr std::uint32_t highest_level = static_cast<std::uint32_t>(events::Level::critical);
constexpr std::size_t longest_line = 4096;

std::uint32_t PATCHBAY_CALL log_level(const patchbay_host* host) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, highest_level + 1, [&] {
        std::uint32_t level = 0;
        while (level <= highest_level &&
               !self.services.events.wants(static_cast<events::Level>(level), self.instance)) {
            ++level;
        }
        return level;
    });
}

void PATCHBAY_CALL log_write(const patchbay_host* host, std::uint32_t level, patchbay_string text,
                             patchbay_string file, std::uint32_t line) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        const auto wanted = static_cast<events::Level>(std::min(level, highest_level));
        if (!self.services.events.wants(wanted, self.instance)) {
            return 0;
        }
        std::string message(view(text).substr(0, longest_line));
        if (file.size != 0) {
            message += " (" + std::string(view(file).substr(0, longest_line)) + ':' +
                       std::to_string(line) + ')';
        }
        self.services.events.publish(
            {wanted, self.instance, "plugin.log", std::move(message), self.instance});
        return 0;
    });
}

constexpr patchbay_log log_table = {sizeof(patchbay_log), log_level, log_write};

// ---- config ----

patchbay_status PATCHBAY_CALL config_text(const patchbay_host* host, patchbay_string path,
                                          patchbay_string* value) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&] {
        std::string_view found;
        const patchbay_status status = self.config.text(view(path), found);
        if (status == PATCHBAY_OK) {
            *value = {found.data(), found.size()};
        }
        return status;
    });
}

patchbay_status PATCHBAY_CALL config_integer(const patchbay_host* host, patchbay_string path,
                                             std::int64_t* value) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED},
                   [&] { return self.config.integer(view(path), *value); });
}

patchbay_status PATCHBAY_CALL config_number(const patchbay_host* host, patchbay_string path,
                                            double* value) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED},
                   [&] { return self.config.number(view(path), *value); });
}

patchbay_status PATCHBAY_CALL config_boolean(const patchbay_host* host, patchbay_string path,
                                             bool* value) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED},
                   [&] { return self.config.boolean(view(path), *value); });
}

patchbay_status PATCHBAY_CALL config_size(const patchbay_host* host, patchbay_string path,
                                          std::uint64_t* value) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED},
                   [&] { return self.config.size(view(path), *value); });
}

constexpr patchbay_config config_table = {sizeof(patchbay_config), config_text,    config_integer,
                                          config_number,           config_boolean, config_size};

// ---- metrics ----

std::uint32_t PATCHBAY_CALL metrics_counter(const patchbay_host* host, patchbay_string name,
                                            patchbay_string help) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, 0U, [&] {
        return self.metrics.register_metric(MetricKind::counter, view(name), view(help));
    });
}

std::uint32_t PATCHBAY_CALL metrics_gauge(const patchbay_host* host, patchbay_string name,
                                          patchbay_string help) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, 0U, [&] {
        return self.metrics.register_metric(MetricKind::gauge, view(name), view(help));
    });
}

void PATCHBAY_CALL metrics_add(const patchbay_host* host, std::uint32_t id,
                               std::int64_t amount) noexcept {
    AbiHost::from(host).metrics.add(id, amount);
}

void PATCHBAY_CALL metrics_set(const patchbay_host* host, std::uint32_t id,
                               std::int64_t value) noexcept {
    AbiHost::from(host).metrics.set(id, value);
}

constexpr patchbay_metrics metrics_table = {sizeof(patchbay_metrics), metrics_counter,
                                            metrics_gauge, metrics_add, metrics_set};

// ---- clock ----

std::uint64_t PATCHBAY_CALL clock_monotonic(const patchbay_host* host) noexcept {
    return AbiHost::from(host).services.clock.monotonic();
}

std::uint64_t PATCHBAY_CALL clock_wall(const patchbay_host* host) noexcept {
    return AbiHost::from(host).services.clock.wall();
}

constexpr patchbay_clock clock_table = {sizeof(patchbay_clock), clock_monotonic, clock_wall};

// ---- timers and wake ----

patchbay_status PATCHBAY_CALL timers_set(patchbay_lane* lane, std::uint64_t token,
                                         std::uint64_t delay) noexcept {
    LaneContext* context = on_its_thread(lane, "a timer was set on another thread than the lane's");
    return context == nullptr ? patchbay_status{PATCHBAY_INVALID}
                              : guarded(*context->host, patchbay_status{PATCHBAY_OVERLOADED},
                                        [&] { return context->timers->set(token, delay); });
}

patchbay_status PATCHBAY_CALL timers_cancel(patchbay_lane* lane, std::uint64_t token) noexcept {
    LaneContext* context =
        on_its_thread(lane, "a timer was cancelled on another thread than the lane's");
    return context == nullptr ? patchbay_status{PATCHBAY_INVALID}
                              : guarded(*context->host, patchbay_status{PATCHBAY_FAILED},
                                        [&] { return context->timers->cancel(token); });
}

constexpr patchbay_timers timers_table = {sizeof(patchbay_timers), timers_set, timers_cancel};

void PATCHBAY_CALL wake_lane(patchbay_lane* lane) noexcept {
    if (lane != nullptr) {
        context_of(lane).woken_by_plugin.store(true);
        Lane::from(lane).wake();
    }
}

constexpr patchbay_wake wake_table = {sizeof(patchbay_wake), wake_lane};

// ---- threads ----

patchbay_thread* PATCHBAY_CALL threads_start(const patchbay_host* host, patchbay_string name,
                                             void(PATCHBAY_CALL* function)(void*),
                                             void* argument) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (function == nullptr) {
        return nullptr;
    }
    return guarded(self, static_cast<patchbay_thread*>(nullptr), [&] {
        return self.threads.start(
            view(name), [owner = self.owner.lock(), &self, function, argument]() noexcept {
                const AbiHost::ThreadScope scope(self);
                try {
                    function(argument);
                } catch (...) {
                    self.reports.misbehaved("exception.thread",
                                            "an exception left a thread of the plugin");
                }
            });
    });
}

void PATCHBAY_CALL threads_join(const patchbay_host* host, patchbay_thread* thread) noexcept {
    AbiHost& self = AbiHost::from(host);
    switch (self.threads.join(thread)) {
        case PluginThreads::Joined::joined:
            return;
        case PluginThreads::Joined::unknown_thread:
            self.reports.misbehaved("thread.unknown", "join was called with no thread of its own");
            return;
        case PluginThreads::Joined::own_thread:
            self.reports.misbehaved("thread.self_join", "a thread was to join itself");
            return;
    }
}

constexpr patchbay_threads threads_table = {sizeof(patchbay_threads), threads_start, threads_join};

// ---- key/value ----

patchbay_status status_of(const Error& error) {
    return static_cast<patchbay_status>(error.error_class);
}

bool is_key(patchbay_string key) {
    return key.data != nullptr && key.size != 0 && key.size <= KeyValueStore::largest_key;
}

void tell_failure(const AbiHost& self, const Error& error) {
    self.services.events.publish({events::Level::error, self.instance, error.code,
                                  "The plugin's state was not kept: " + error.message,
                                  self.instance});
}

patchbay_status PATCHBAY_CALL key_value_get(const patchbay_host* host, patchbay_string key,
                                            patchbay_bytes* value,
                                            patchbay_block** block) noexcept {
    AbiHost& self = AbiHost::from(host);
    auto* generation = self.generation.load();
    if (!is_key(key) || value == nullptr || block == nullptr || generation == nullptr) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        const auto found = self.services.key_value->get(self.instance, view(key));
        if (!found) {
            tell_failure(self, found.error());
            return status_of(found.error());
        }
        if (!found->has_value()) {
            return PATCHBAY_UNSUPPORTED;
        }
        const std::string& bytes = **found;
        patchbay_buffer buffer{};
        patchbay_array buffers{sizeof(patchbay_array), sizeof(patchbay_buffer), 1, 0, &buffer};
        const patchbay_status status =
            generation->allocate(std::max<std::size_t>(bytes.size(), 1), &buffers);
        if (status != PATCHBAY_OK) {
            return status;
        }
        std::memcpy(buffer.data, bytes.data(), bytes.size());
        *value = {buffer.data, bytes.size()};
        *block = buffer.block;
        return PATCHBAY_OK;
    });
}

patchbay_status PATCHBAY_CALL key_value_put(const patchbay_host* host, patchbay_string key,
                                            patchbay_bytes value) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (!is_key(key) || value.size > KeyValueStore::largest_value) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        const auto put = self.services.key_value->put(self.instance, view(key), view(value));
        if (!put) {
            tell_failure(self, put.error());
        }
        return put ? PATCHBAY_OK : status_of(put.error());
    });
}

patchbay_status PATCHBAY_CALL key_value_erase(const patchbay_host* host,
                                              patchbay_string key) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (!is_key(key)) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        const auto erased = self.services.key_value->erase(self.instance, view(key));
        if (!erased) {
            tell_failure(self, erased.error());
        }
        return erased ? PATCHBAY_OK : status_of(erased.error());
    });
}

constexpr patchbay_key_value key_value_table = {sizeof(patchbay_key_value), key_value_get,
                                                key_value_put, key_value_erase};

// ---- calls ----

/// A dependency's handle is its place in the list, from 1, and a mark that no other number has.
constexpr std::uint64_t handle_mark = std::uint64_t{0x70626179} << 32U;

std::uint64_t PATCHBAY_CALL calls_dependency(const patchbay_host* host,
                                             patchbay_string public_id) noexcept {
    const AbiHost& self = AbiHost::from(host);
    const std::string_view wanted = view(public_id);
    const auto without_version = [](std::string_view id) { return id.substr(0, id.find(':')); };
    std::uint64_t near = 0;
    for (std::size_t i = 0; i < self.dependencies.size(); ++i) {
        const std::string_view id = self.dependencies[i].public_id;
        if (id == wanted) {
            return handle_mark + i + 1;
        }
        if (near == 0 && without_version(id) == without_version(wanted)) {
            near = handle_mark + i + 1;
        }
    }
    return near;
}

patchbay_status PATCHBAY_CALL calls_call(patchbay_lane* lane, std::uint64_t dependency,
                                         patchbay_string method, patchbay_bytes arguments,
                                         std::uint64_t cookie) noexcept {
    if (lane == nullptr) {
        return PATCHBAY_INVALID;
    }
    AbiHost& self = *context_of(lane).host;
    const std::uint64_t index = dependency - handle_mark - 1;
    if (index >= self.dependencies.size()) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&] {
        const auto caller = self.self.lock();
        const auto endpoint = self.dependencies[index].target.lock();
        return self.services.calls.call(caller, Lane::from(lane).index(),
                                        endpoint == nullptr ? nullptr : endpoint->call_party(),
                                        view(method), view(arguments), cookie, self.call_limit);
    });
}

void PATCHBAY_CALL calls_complete(const patchbay_host* host, std::uint64_t token,
                                  patchbay_status status, patchbay_bytes result,
                                  const patchbay_error* error) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        const auto target = self.self.lock();
        if (target != nullptr) {
            // An answer that comes too late is no misbehaviour: the host answered for the plugin.
            (void)self.services.calls.complete(*target, token, status, view(result), error);
        }
        return 0;
    });
}

constexpr patchbay_calls calls_table = {sizeof(patchbay_calls), calls_dependency, calls_call,
                                        calls_complete};

// ---- handles and dead letters ----

std::uint32_t PATCHBAY_CALL handles_address(const patchbay_host* host,
                                            patchbay_string to) noexcept {
    auto* generation = AbiHost::from(host).generation.load();
    return generation == nullptr ? 0 : generation->address_handle(view(to));
}

std::uint32_t PATCHBAY_CALL handles_protocol(const patchbay_host* host,
                                             patchbay_string protocol_id) noexcept {
    auto* generation = AbiHost::from(host).generation.load();
    return generation == nullptr ? 0 : generation->protocol_handle(view(protocol_id));
}

constexpr patchbay_handles handles_table = {sizeof(patchbay_handles), handles_address,
                                            handles_protocol};

patchbay_status PATCHBAY_CALL dead_letters_malformed(const patchbay_host* host, patchbay_bytes raw,
                                                     patchbay_string code,
                                                     patchbay_string text) noexcept {
    auto* generation = AbiHost::from(host).generation.load();
    return generation == nullptr ? patchbay_status{PATCHBAY_INVALID}
                                 : generation->malformed(raw, view(code), view(text));
}

constexpr patchbay_dead_letters dead_letters_table = {sizeof(patchbay_dead_letters),
                                                      dead_letters_malformed};

struct Extension {
    std::string_view id;
    const void* table;
};
const std::array extensions = {
    Extension{PATCHBAY_LOG_EXTENSION, &log_table},
    Extension{PATCHBAY_CONFIG_EXTENSION, &config_table},
    Extension{PATCHBAY_METRICS_EXTENSION, &metrics_table},
    Extension{PATCHBAY_CLOCK_EXTENSION, &clock_table},
    Extension{PATCHBAY_TIMERS_EXTENSION, &timers_table},
    Extension{PATCHBAY_WAKE_EXTENSION, &wake_table},
    Extension{PATCHBAY_THREADS_EXTENSION, &threads_table},
    Extension{PATCHBAY_CALLS_EXTENSION, &calls_table},
    Extension{PATCHBAY_HANDLES_EXTENSION, &handles_table},
    Extension{PATCHBAY_DEAD_LETTERS_EXTENSION, &dead_letters_table},
    Extension{PATCHBAY_KEY_VALUE_EXTENSION, &key_value_table},
    Extension{PATCHBAY_SOCKETS_EXTENSION, sockets_extension()},
    Extension{PATCHBAY_PROOFS_EXTENSION, proofs_extension()},
    Extension{PATCHBAY_STATE_EXTENSION, state_extension()},
};

}  // namespace

const void* find_extension(const AbiHost& host, std::string_view id) {
    if (id == PATCHBAY_KEY_VALUE_EXTENSION && host.services.key_value == nullptr) {
        return nullptr;
    }
    if (id == PATCHBAY_IDENTITY_EXTENSION) {
        return identity_extension(host);
    }
    for (const Extension& extension : extensions) {
        if (extension.id == id) {
            return extension.table;
        }
    }
    return nullptr;
}

}  // namespace patchbay::plugins
