// SPDX-License-Identifier: Apache-2.0
/// \file
/// The double's extensions.
#include "host_double_state.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace patchbay::testing {

namespace {

std::string string_of(patchbay_string text) {
    return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

std::string string_of(patchbay_bytes bytes) {
    return bytes.size == 0 ? std::string()
                           : std::string(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

/// The value at a path of keys and indexes joined with dots, or null.
std::unique_ptr<nlohmann::json> value_at(const std::string& config_json, const std::string& path) {
    nlohmann::json value = nlohmann::json::parse(config_json);
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('.', begin), path.size());
        const std::string key = path.substr(begin, end - begin);
        if (value.is_object() && value.contains(key)) {
            nlohmann::json inner = value[key];
            value = std::move(inner);
        } else if (value.is_array() && !key.empty() &&
                   key.find_first_not_of("0123456789") == std::string::npos &&
                   std::stoull(key) < value.size()) {
            nlohmann::json inner = value[std::stoull(key)];
            value = std::move(inner);
        } else {
            return nullptr;
        }
        begin = end + 1;
    }
    if (value.is_null()) {
        return nullptr;
    }
    return std::make_unique<nlohmann::json>(std::move(value));
}

}  // namespace

const void* HostDouble::State::extension(std::string_view id) const {
    static const patchbay_log log_table = {
        sizeof(patchbay_log), [](const patchbay_host* self) { return of(self).options.log_level; },
        [](const patchbay_host* self, std::uint32_t level, patchbay_string text, patchbay_string,
           std::uint32_t) {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            state.log.push_back({level, string_of(text)});
            state.changed.notify_all();
        }};
    static const patchbay_config config_table = {
        sizeof(patchbay_config),
        [](const patchbay_host* self, patchbay_string path, patchbay_string* value) -> int32_t {
            State& state = of(self);
            const auto found = value_at(state.options.config_json, string_of(path));
            if (!found) {
                return PATCHBAY_UNSUPPORTED;
            }
            if (!found->is_string()) {
                return PATCHBAY_INVALID;
            }
            const std::lock_guard lock(state.mutex);
            std::string& kept = state.config_texts[string_of(path)];
            kept = found->get<std::string>();
            *value = {kept.data(), kept.size()};
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string path, std::int64_t* value) -> int32_t {
            const auto found = value_at(of(self).options.config_json, string_of(path));
            if (!found) {
                return PATCHBAY_UNSUPPORTED;
            }
            if (!found->is_number_integer()) {
                return PATCHBAY_INVALID;
            }
            *value = found->get<std::int64_t>();
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string path, double* value) -> int32_t {
            const auto found = value_at(of(self).options.config_json, string_of(path));
            if (!found) {
                return PATCHBAY_UNSUPPORTED;
            }
            if (!found->is_number()) {
                return PATCHBAY_INVALID;
            }
            *value = found->get<double>();
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string path, bool* value) -> int32_t {
            const auto found = value_at(of(self).options.config_json, string_of(path));
            if (!found) {
                return PATCHBAY_UNSUPPORTED;
            }
            if (!found->is_boolean()) {
                return PATCHBAY_INVALID;
            }
            *value = found->get<bool>();
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string path, std::uint64_t* value) -> int32_t {
            const auto found = value_at(of(self).options.config_json, string_of(path));
            if (!found) {
                return PATCHBAY_UNSUPPORTED;
            }
            if (!found->is_structured()) {
                return PATCHBAY_INVALID;
            }
            *value = found->size();
            return PATCHBAY_OK;
        }};
    static constexpr auto register_metric = [](const patchbay_host* self, patchbay_string name,
                                               patchbay_string) -> std::uint32_t {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        auto& metric = state.metrics[string_of(name)];
        if (metric.first == 0) {
            metric.first = static_cast<std::uint32_t>(state.metrics.size());
        }
        return metric.first;
    };
    static constexpr auto change_metric = [](const patchbay_host* self, std::uint32_t number,
                                             std::int64_t value, bool relative) {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        for (auto& [name, metric] : state.metrics) {
            if (metric.first == number) {
                metric.second = relative ? metric.second + value : value;
            }
        }
        state.changed.notify_all();
    };
    static const patchbay_metrics metrics_table = {
        sizeof(patchbay_metrics), +register_metric, +register_metric,
        [](const patchbay_host* self, std::uint32_t number, std::int64_t amount) {
            change_metric(self, number, amount, true);
        },
        [](const patchbay_host* self, std::uint32_t number, std::int64_t value) {
            change_metric(self, number, value, false);
        }};
    static const patchbay_clock clock_table = {sizeof(patchbay_clock),
                                               [](const patchbay_host* self) {
                                                   const std::lock_guard lock(of(self).mutex);
                                                   return of(self).now;
                                               },
                                               [](const patchbay_host* self) {
                                                   const std::lock_guard lock(of(self).mutex);
                                                   return of(self).now;
                                               }};
    static const patchbay_timers timers_table = {
        sizeof(patchbay_timers),
        [](patchbay_lane* lane, std::uint64_t token, std::uint64_t delay) -> patchbay_status {
            State& state = state_of(lane);
            const std::lock_guard lock(state.mutex);
            state.timers[{lane_of(lane).index, token}] = state.now + delay;
            state.changed.notify_all();
            return PATCHBAY_OK;
        },
        [](patchbay_lane* lane, std::uint64_t token) -> patchbay_status {
            State& state = state_of(lane);
            const std::lock_guard lock(state.mutex);
            return state.timers.erase({lane_of(lane).index, token}) != 0 ? PATCHBAY_OK
                                                                         : PATCHBAY_UNSUPPORTED;
        }};
    static const patchbay_wake wake_table = {sizeof(patchbay_wake), [](patchbay_lane* lane) {
                                                 State& state = state_of(lane);
                                                 const std::lock_guard lock(state.mutex);
                                                 SignalDouble signal;
                                                 signal.signal.kind = PATCHBAY_SIGNAL_WAKE;
                                                 state.send_signal(lane_of(lane), signal);
                                             }};
    static const patchbay_threads threads_table = {
        sizeof(patchbay_threads),
        [](const patchbay_host* self, patchbay_string, void (*function)(void*),
           void* argument) -> patchbay_thread* {
            State& state = of(self);
            auto* made = new ThreadDouble;
            made->thread = std::thread([function, argument] { function(argument); });
            const std::lock_guard lock(state.mutex);
            state.threads.insert(made);
            return reinterpret_cast<patchbay_thread*>(made);
        },
        [](const patchbay_host* self, patchbay_thread* thread) {
            State& state = of(self);
            auto* joined = reinterpret_cast<ThreadDouble*>(thread);
            joined->thread.join();
            const std::lock_guard lock(state.mutex);
            state.threads.erase(joined);
            delete joined;
        }};
    static const patchbay_key_value key_value_table = {
        sizeof(patchbay_key_value),
        [](const patchbay_host* self, patchbay_string key, patchbay_bytes* value,
           patchbay_block** block) -> patchbay_status {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            const auto found = state.key_values.find(string_of(key));
            if (found == state.key_values.end()) {
                return PATCHBAY_UNSUPPORTED;
            }
            auto* made = new BlockDouble;
            made->of_plugin = true;
            made->bytes.assign(found->second.begin(), found->second.end());
            *block = reinterpret_cast<patchbay_block*>(made);
            state.blocks.insert(*block);
            *value = {made->bytes.data(), made->bytes.size()};
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string key,
           patchbay_bytes value) -> patchbay_status {
            const std::lock_guard lock(of(self).mutex);
            of(self).key_values[string_of(key)] = string_of(value);
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, patchbay_string key) -> patchbay_status {
            const std::lock_guard lock(of(self).mutex);
            return of(self).key_values.erase(string_of(key)) != 0 ? PATCHBAY_OK
                                                                  : PATCHBAY_UNSUPPORTED;
        }};
    static const patchbay_calls calls_table = {
        sizeof(patchbay_calls),
        [](const patchbay_host* self, patchbay_string public_id) -> std::uint64_t {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            const auto found =
                std::find(state.service_ids.begin(), state.service_ids.end(), string_of(public_id));
            return found == state.service_ids.end()
                       ? 0
                       : static_cast<std::uint64_t>(found - state.service_ids.begin()) + 1;
        },
        [](patchbay_lane* lane, std::uint64_t dependency, patchbay_string method,
           patchbay_bytes arguments, std::uint64_t cookie) -> patchbay_status {
            State& state = state_of(lane);
            Service service;
            {
                const std::lock_guard lock(state.mutex);
                if (dependency == 0 || dependency > state.service_ids.size()) {
                    return PATCHBAY_INVALID;
                }
                service = state.services[state.service_ids[dependency - 1]];
            }
            const Result<std::string> result = service(string_of(method), string_of(arguments));
            SignalDouble signal;
            signal.signal.kind = PATCHBAY_SIGNAL_CALL_RESULT;
            signal.signal.token = cookie;
            if (result) {
                signal.payload = *result;
            } else {
                signal.signal.status = static_cast<patchbay_status>(result.error().error_class);
                signal.name = result.error().code;
                signal.payload = result.error().message;
            }
            const std::lock_guard lock(state.mutex);
            state.send_signal(lane_of(lane), std::move(signal));
            return PATCHBAY_OK;
        },
        [](const patchbay_host* self, std::uint64_t token, patchbay_status status,
           patchbay_bytes result, const patchbay_error* error) {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            const auto call = state.calls.find(token);
            if (call == state.calls.end() || call->second) {
                state.misbehaviour.emplace_back("call_complete of an unknown token");
                return;
            }
            if (status == PATCHBAY_OK) {
                call->second = string_of(result);
            } else {
                call->second =
                    failure(static_cast<ErrorClass>(status), error == nullptr ? "" : error->code,
                            error == nullptr ? "" : error->text);
            }
            state.changed.notify_all();
        }};
    static const patchbay_handles handles_table = {
        sizeof(patchbay_handles), [](const patchbay_host*, patchbay_string) { return 0u; },
        [](const patchbay_host*, patchbay_string) { return 0u; }};
    static const patchbay_dead_letters dead_letters_table = {
        sizeof(patchbay_dead_letters),
        [](const patchbay_host* self, patchbay_bytes raw, patchbay_string code,
           patchbay_string) -> patchbay_status {
            const std::lock_guard lock(of(self).mutex);
            of(self).malformed.emplace_back(string_of(code), string_of(raw));
            of(self).changed.notify_all();
            return PATCHBAY_OK;
        }};
#if defined(PATCHBAY_SOCKETS_EXTENSION)
    static const patchbay_sockets sockets_table = {
        sizeof(patchbay_sockets),
        [](const patchbay_host* self, const patchbay_listen_options* wanted,
           patchbay_array* listeners, patchbay_error* error) -> patchbay_status {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            const Result<void> lent = state.sockets.lend(*wanted, *listeners);
            state.changed.notify_all();
            return lent ? PATCHBAY_OK
                        : patchbay_error_set(
                              error, static_cast<patchbay_status>(lent.error().error_class),
                              lent.error().code.c_str(), lent.error().message.c_str());
        },
        [](const patchbay_host* self, std::uint64_t loan, std::uint32_t flags) {
            State& state = of(self);
            const std::lock_guard lock(state.mutex);
            if (!state.sockets.give_back(loan, (flags & PATCHBAY_RELEASE_KEEP) != 0)) {
                state.misbehaviour.emplace_back("release of sockets that are not on loan");
            }
            state.changed.notify_all();
        },
        // There is one generation only: nothing moves.
        [](const patchbay_host*, patchbay_string) {},
        [](const patchbay_host*, std::intptr_t, patchbay_string, patchbay_bytes) {
            return patchbay_status{PATCHBAY_UNSUPPORTED};
        },
        [](patchbay_lane*, patchbay_array* parked) {
            parked->count = 0;
            return patchbay_status{PATCHBAY_OK};
        }};
#endif
    if (std::find(options.without.begin(), options.without.end(), id) != options.without.end()) {
        return nullptr;
    }
    if (const auto found = options.extensions.find(std::string(id));
        found != options.extensions.end()) {
        return found->second;
    }
    const std::pair<std::string_view, const void*> tables[] = {
        {PATCHBAY_LOG_EXTENSION, &log_table},
        {PATCHBAY_CONFIG_EXTENSION, &config_table},
        {PATCHBAY_METRICS_EXTENSION, &metrics_table},
        {PATCHBAY_CLOCK_EXTENSION, &clock_table},
        {PATCHBAY_TIMERS_EXTENSION, &timers_table},
        {PATCHBAY_WAKE_EXTENSION, &wake_table},
        {PATCHBAY_THREADS_EXTENSION, &threads_table},
        {PATCHBAY_KEY_VALUE_EXTENSION, &key_value_table},
        {PATCHBAY_CALLS_EXTENSION, &calls_table},
        {PATCHBAY_HANDLES_EXTENSION, &handles_table},
        {PATCHBAY_DEAD_LETTERS_EXTENSION, &dead_letters_table},
#if defined(PATCHBAY_SOCKETS_EXTENSION)
        {PATCHBAY_SOCKETS_EXTENSION, &sockets_table},
#endif
    };
    for (const auto& [name, table_pointer] : tables) {
        if (name == id) {
            return table_pointer;
        }
    }
    return nullptr;
}

}  // namespace patchbay::testing
