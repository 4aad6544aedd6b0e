// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_generation.hpp"

#include "plugins/host_call.hpp"
#include "plugins/platform.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace patchbay::plugins {
namespace {

/// More classes than this are a broken table.
constexpr std::uint32_t most_classes = 256;
/// Smallest class table: that of ABI 1.0.
constexpr std::size_t smallest_class =
    offsetof(patchbay_class, on_signals) + sizeof(patchbay_class::on_signals);

std::string text_of(const patchbay_error& error) {
    const std::string_view text(error.text, ::strnlen(error.text, sizeof(error.text)));
    const std::string_view code(error.code, ::strnlen(error.code, sizeof(error.code)));
    std::string answer(text);
    if (!code.empty()) {
        answer += (answer.empty() ? "[" : " [") + std::string(code) + ']';
    }
    return answer.empty() ? "(no reason given)" : answer;
}

std::string_view name_of(const patchbay_class& table) {
    return {table.name.data, table.name.size};
}

/// What is wrong with a class's table; empty when nothing is.
std::string defect(const patchbay_class& table) {
    if (table.name.data == nullptr || table.name.size == 0 || table.name.size > 256) {
        return "a class without a name";
    }
    const std::string name(name_of(table));
    if (table.create == nullptr || table.destroy == nullptr) {
        return "the class " + name + " without create or destroy";
    }
    if (table.run == nullptr && table.on_batch == nullptr) {
        return "the class " + name + " with neither run nor on_batch";
    }
    return {};
}

}  // namespace

std::string abi_version_text(std::uint32_t version) {
    return std::to_string(version >> 16U) + '.' + std::to_string(version & 0xFFFFU);
}

PluginGeneration::PluginGeneration(std::shared_ptr<RunFolder> runs, Library library,
                                   std::string plugin, std::uint32_t number,
                                   events::EventSink& events)
    : runs_(std::move(runs)),
      library_(std::move(library)),
      plugin_(std::move(plugin)),
      number_(number),
      events_(events) {}

PluginGeneration::~PluginGeneration() {
    const std::string name = plugin_ + " (generation " + std::to_string(number_) + ')';
    const std::lock_guard lock(end_->mutex);
    end_->ended = true;
    if (hung_ || resident_) {
        library_.abandon();
        end_->unloaded = {false,
                          hung_ ? "code of it still runs" : "its class is declared resident"};
        report(hung_ ? events::Level::warning : events::Level::debug, "plugin.kept",
               "The library of " + name + " stays mapped, because " +
                   (hung_ ? "code of it still runs." : "its class is declared resident."));
        return;
    }
    const std::string copy = library_.copy().file.string();
    const Unloaded unloaded = library_.unload();
    end_->unloaded = unloaded;
    if (unloaded.gone) {
        report(events::Level::debug, "plugin.unloaded", "Unloaded " + name + '.');
    } else {
        report(events::Level::warning, "plugin.still_mapped",
               "The library of " + name + " was closed but is still mapped from " + copy +
                   "; likely cause: " + unloaded.cause + '.');
    }
}

Result<std::shared_ptr<PluginGeneration>> PluginGeneration::load(
    std::shared_ptr<RunFolder> runs, const std::string& library, std::string plugin,
    std::uint32_t number, const HostIdentity& host, std::chrono::nanoseconds limit,
    events::EventSink& events, const Library::Check& check, std::chrono::nanoseconds check_limit) {
    // The folder's name: the name part of author/name:version.
    const std::size_t slash = plugin.find('/');
    const std::string name = slash == std::string::npos
                                 ? plugin
                                 : plugin.substr(slash + 1, plugin.find(':', slash) - slash - 1);
    // Static constructors are code of the plugin: they run on a thread that ends, too.
    auto loaded = std::make_shared<std::optional<Result<Library>>>();
    if (!call_on_host_thread("pbay:" + name, limit + check_limit,
                             [loaded, runs, library, name, check] {
                                 loaded->emplace(Library::load(*runs, library, name, check));
                             })) {
        return failure(ErrorClass::failed, "plugin.hung",
                       "loading the library " + library + " of " + plugin +
                           " did not end within its time limit");
    }
    Result<Library>& result = **loaded;
    if (!result) {
        return tl::unexpected(result.error());
    }
    std::shared_ptr<PluginGeneration> generation(new PluginGeneration(
        std::move(runs), std::move(*result), std::move(plugin), number, events));
    if (auto negotiated = generation->negotiate(host, limit); !negotiated) {
        return tl::unexpected(negotiated.error());
    }
    generation->report(events::Level::debug, "plugin.loaded",
                       "Loaded " + generation->plugin_ + " (generation " + std::to_string(number) +
                           ", sha256 " + generation->library_.copy().sha256 + ") from " + library +
                           '.');
    return generation;
}

Result<void> PluginGeneration::negotiate(const HostIdentity& host, std::chrono::nanoseconds limit) {
    struct Exchange {
        std::string host_name;
        patchbay_entry_options options{};
        patchbay_plugin plugin{};
        patchbay_error error{};
        patchbay_status status = PATCHBAY_FAILED;
    };
    auto exchange = std::make_shared<Exchange>();
    exchange->host_name = host.name;
    exchange->options.struct_size = sizeof(patchbay_entry_options);
    exchange->options.abi_minimum = host.abi_minimum;
    exchange->options.abi_maximum = host.abi_maximum;
    exchange->options.host_name = {exchange->host_name.data(), exchange->host_name.size()};
    exchange->plugin.struct_size = sizeof(patchbay_plugin);
    exchange->error.struct_size = sizeof(patchbay_error);
    const patchbay_entry_function entry = library_.entry();
    const std::string where = library_.original().string();
    if (!call_on_host_thread("pbay:entry", limit, [exchange, entry]() noexcept {
            try {
                exchange->status = entry(&exchange->options, &exchange->plugin, &exchange->error);
            } catch (...) {
                exchange->status =
                    patchbay_error_set(&exchange->error, PATCHBAY_FAILED, "plugin.exception",
                                       "an exception left the plugin's entry");
            }
        })) {
        mark_hung();
        return failure(ErrorClass::failed, "plugin.hung",
                       "the entry of " + where + " did not return within its time limit");
    }
    const std::string versions = "this host speaks ABI " + abi_version_text(host.abi_minimum) +
                                 " to " + abi_version_text(host.abi_maximum) + " on " +
                                 std::string(platform::name());
    if (exchange->status != PATCHBAY_OK) {
        return failure(ErrorClass::unsupported, "plugin.refused",
                       "the library " + where + " of " + plugin_ +
                           " refused to run: " + text_of(exchange->error) + "; " + versions);
    }
    const patchbay_plugin& answer = exchange->plugin;
    if (answer.abi_version < host.abi_minimum || answer.abi_version > host.abi_maximum) {
        return failure(ErrorClass::unsupported, "plugin.abi_version",
                       "the library " + where + " of " + plugin_ + " answered with ABI " +
                           abi_version_text(answer.abi_version) + "; " + versions);
    }
    abi_version_ = answer.abi_version;
    const auto malformed = [&](const std::string& what) {
        return failure(ErrorClass::invalid, "plugin.class_table",
                       "the library " + where + " of " + plugin_ + " offers " + what);
    };
    if (answer.class_count == 0 || answer.class_count > most_classes || answer.classes == nullptr) {
        return malformed(std::to_string(answer.class_count) + " classes");
    }
    for (std::uint32_t i = 0; i < answer.class_count; ++i) {
        const patchbay_class* offered = answer.classes[i];
        if (offered == nullptr || offered->struct_size < smallest_class) {
            return malformed("class number " + std::to_string(i) +
                             ", whose table is shorter than that of ABI 1.0");
        }
        patchbay_class table{};
        std::memcpy(&table, offered, std::min<std::size_t>(offered->struct_size, sizeof(table)));
        if (const std::string wrong = defect(table); !wrong.empty()) {
            return malformed(wrong);
        }
        const bool twice = std::any_of(classes_.begin(), classes_.end(), [&](const auto& known) {
            return name_of(known) == name_of(table);
        });
        if (twice) {
            return malformed("the class " + std::string(name_of(table)) + " twice");
        }
        resident_ = resident_ || (table.flags & PATCHBAY_CLASS_RESIDENT) != 0;
        classes_.push_back(table);
    }
    return {};
}

std::vector<std::string> PluginGeneration::class_names() const {
    std::vector<std::string> names;
    for (const patchbay_class& table : classes_) {
        names.emplace_back(name_of(table));
    }
    return names;
}

Result<patchbay_class> PluginGeneration::find_class(std::string_view name) const {
    std::string present;
    for (const patchbay_class& table : classes_) {
        if (name_of(table) == name) {
            return table;
        }
        present += (present.empty() ? "" : ", ") + std::string(name_of(table));
    }
    return failure(ErrorClass::invalid, "plugin.no_class",
                   "the library " + library_.original().string() + " of " + plugin_ +
                       " has no class \"" + std::string(name) + "\"; it has: " + present);
}

void PluginGeneration::mark_hung() {
    const std::lock_guard lock(mutex_);
    hung_ = true;
}

bool PluginGeneration::is_hung() const {
    const std::lock_guard lock(mutex_);
    return hung_;
}

void PluginGeneration::report(events::Level level, const char* code, std::string text) {
    events_.publish({level, "plugins", code, std::move(text), {}});
}

}  // namespace patchbay::plugins
