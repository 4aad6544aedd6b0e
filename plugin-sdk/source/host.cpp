// SPDX-License-Identifier: Apache-2.0
#include <patchbay/host.hpp>

#include <memory>
#include <utility>

namespace patchbay {

namespace {

template <class Table>
const Table* table_of(const patchbay_host* host, const char* id) {
    return static_cast<const Table*>(host->get_extension(host, to_abi_string(id)));
}

Error unsupported(std::string_view extension) {
    return {ErrorClass::unsupported, "host.no_extension",
            "The host does not offer " + std::string(extension) + "."};
}

}  // namespace

Host::Host(const patchbay_host* host, const patchbay_instance_options& options)
    : host_(host),
      name_(to_view(options.name)),
      component_id_(to_view(options.component_id)),
      data_folder_(to_view(options.data_folder)),
      config_json_(to_view(options.config_json)),
      max_in_flight_(options.max_in_flight),
      max_thread_workers_(options.max_thread_workers),
      lane_limit_(options.lane_limit),
      ordered_sends_((options.flags & PATCHBAY_INSTANCE_ORDERED_SENDS) != 0),
      log_(host),
      config_(host),
      key_value_(host),
      metrics_(table_of<patchbay_metrics>(host, PATCHBAY_METRICS_EXTENSION)),
      dead_letters_(table_of<patchbay_dead_letters>(host, PATCHBAY_DEAD_LETTERS_EXTENSION)) {}

Metric Host::counter(std::string_view name, std::string_view help) const {
    if (metrics_ == nullptr) {
        return {};
    }
    return {host_, metrics_, metrics_->counter(host_, to_abi_string(name), to_abi_string(help))};
}

Metric Host::gauge(std::string_view name, std::string_view help) const {
    if (metrics_ == nullptr) {
        return {};
    }
    return {host_, metrics_, metrics_->gauge(host_, to_abi_string(name), to_abi_string(help))};
}

Result<void> Host::malformed(std::string_view raw, std::string_view code,
                             std::string_view text) const {
    if (dead_letters_ == nullptr) {
        return tl::unexpected<Error>(unsupported(PATCHBAY_DEAD_LETTERS_EXTENSION));
    }
    if (dead_letters_->malformed(host_, to_abi_bytes(raw), to_abi_string(code),
                                 to_abi_string(text)) != PATCHBAY_OK) {
        return failure(ErrorClass::failed, "dead_letter.refused",
                       "The host did not keep the malformed input as a dead letter.");
    }
    return {};
}

void Host::connection_lost(const Error& error) const {
    const patchbay_error abi_error = to_abi_error(error);
    host_->connection_lost(host_, &abi_error);
}

// ---- Log ----------------------------------------------------------------------------------------

Log::Log(const patchbay_host* host)
    : host_(host), table_(table_of<patchbay_log>(host, PATCHBAY_LOG_EXTENSION)) {}

bool Log::wants(LogLevel level) const {
    return table_ != nullptr && static_cast<std::uint32_t>(level) >= table_->level(host_);
}

void Log::write(LogLevel level, std::string_view text, LogPlace where) const {
    if (table_ != nullptr) {
        table_->write(host_, static_cast<std::uint32_t>(level), to_abi_string(text),
                      to_abi_string(where.file), where.line);
    }
}

// ---- Metrics ------------------------------------------------------------------------------------

void Metric::add(std::int64_t amount) const {
    if (table_ != nullptr) {
        table_->add(host_, id_, amount);
    }
}

void Metric::set(std::int64_t value) const {
    if (table_ != nullptr) {
        table_->set(host_, id_, value);
    }
}

// ---- Key/value ----------------------------------------------------------------------------------

KeyValue::KeyValue(const patchbay_host* host)
    : host_(host), table_(table_of<patchbay_key_value>(host, PATCHBAY_KEY_VALUE_EXTENSION)) {}

Result<std::optional<std::string>> KeyValue::get(std::string_view key) const {
    if (table_ == nullptr) {
        return tl::unexpected<Error>(unsupported(PATCHBAY_KEY_VALUE_EXTENSION));
    }
    patchbay_bytes value{};
    patchbay_block* block = nullptr;
    const patchbay_status status = table_->get(host_, to_abi_string(key), &value, &block);
    if (status == PATCHBAY_UNSUPPORTED) {
        return std::optional<std::string>{};
    }
    if (status != PATCHBAY_OK) {
        return failure(ErrorClass::failed, "key_value.not_read",
                       "The value of key '" + std::string(key) + "' could not be read.");
    }
    std::optional<std::string> copy(to_view(value));
    host_->release(host_, nullptr, &block, 1);
    return copy;
}

Result<void> KeyValue::put(std::string_view key, std::string_view value) const {
    if (table_ == nullptr) {
        return tl::unexpected<Error>(unsupported(PATCHBAY_KEY_VALUE_EXTENSION));
    }
    if (table_->put(host_, to_abi_string(key), to_abi_bytes(value)) != PATCHBAY_OK) {
        return failure(ErrorClass::failed, "key_value.not_written",
                       "The value of key '" + std::string(key) + "' could not be written.");
    }
    return {};
}

Result<void> KeyValue::erase(std::string_view key) const {
    if (table_ == nullptr) {
        return tl::unexpected<Error>(unsupported(PATCHBAY_KEY_VALUE_EXTENSION));
    }
    const patchbay_status status = table_->erase(host_, to_abi_string(key));
    if (status != PATCHBAY_OK && status != PATCHBAY_UNSUPPORTED) {
        return failure(ErrorClass::failed, "key_value.not_written",
                       "Key '" + std::string(key) + "' could not be erased.");
    }
    return {};
}

// ---- Threads ------------------------------------------------------------------------------------

namespace {

struct ThreadStart {
    const patchbay_host* host;
    std::function<void()> function;
};

void PATCHBAY_CALL run_thread(void* argument) {
    const std::unique_ptr<ThreadStart> start(static_cast<ThreadStart*>(argument));
    try {
        start->function();
    } catch (...) {
        Log(start->host).error(to_string(describe_current_exception("a thread of the plugin")));
    }
}

}  // namespace

Thread::Thread(Thread&& other) noexcept
    : host_(other.host_), thread_(std::exchange(other.thread_, nullptr)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this != &other) {
        join();
        host_ = other.host_;
        thread_ = std::exchange(other.thread_, nullptr);
    }
    return *this;
}

Thread::~Thread() {
    join();
}

Result<Thread> Thread::start(const patchbay_host* host, std::string_view name,
                             std::function<void()> function) {
    const auto* table = table_of<patchbay_threads>(host, PATCHBAY_THREADS_EXTENSION);
    if (table == nullptr) {
        return tl::unexpected<Error>(unsupported(PATCHBAY_THREADS_EXTENSION));
    }
    auto start = std::make_unique<ThreadStart>(ThreadStart{host, std::move(function)});
    Thread thread;
    thread.host_ = host;
    thread.thread_ = table->start(host, to_abi_string(name), &run_thread, start.get());
    if (thread.thread_ == nullptr) {
        return failure(ErrorClass::overloaded, "thread.not_started",
                       "The host could not start the thread '" + std::string(name) + "'.");
    }
    static_cast<void>(start.release());  // the thread's own now
    return thread;
}

void Thread::join() {
    if (thread_ != nullptr) {
        table_of<patchbay_threads>(host_, PATCHBAY_THREADS_EXTENSION)
            ->join(host_, std::exchange(thread_, nullptr));
    }
}

}  // namespace patchbay
