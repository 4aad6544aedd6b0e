// SPDX-License-Identifier: Apache-2.0
#include "stub_connection.hpp"

#include "input_pump.hpp"
#include "output_queue.hpp"

#include <patchbay/stub_format.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

namespace patchbay::stub {

namespace {

/// Left of the host's limit for `disconnect` to close the files.
constexpr std::chrono::milliseconds closing_time{200};

}  // namespace

StubConnection::StubConnection(Host& host)
    : Connection(host), input_path_(path_of("input_file")), output_path_(path_of("output_file")) {
    if (input_path_ == output_path_) {
        throw ConfigError({ErrorClass::invalid, "config.same_file",
                           "'input_file' and 'output_file' are both " + input_path_ +
                               "; the connection would read what it writes"});
    }
    limits_.max_outstanding = config().get<std::size_t>("max_outstanding", limits_.max_outstanding);
    limits_.format.max_line = config().get<std::size_t>("max_line", limits_.format.max_line);
    if (limits_.max_outstanding == 0 || limits_.format.max_line == 0) {
        throw ConfigError({ErrorClass::invalid, "config.out_of_range",
                           "'max_outstanding' and 'max_line' must be at least 1"});
    }
}

/// Absolute path of a file of the configuration; upstream's default is the key with ./ before it.
std::string StubConnection::path_of(const char* key) const {
    const auto path = config().get<std::string>(key, std::string("./") + key);
    if (path.empty()) {
        throw ConfigError({ErrorClass::invalid, "config.wrong_type",
                           std::string("'") + key + "' is empty; expected a file"});
    }
    return (std::filesystem::path(data_folder()) / path).lexically_normal().string();
}

Awaitable<Result<void>> StubConnection::connect() {
    auto input = InputFile::open(input_path_, limits_, next_ticket_);
    if (!input) {
        co_return tl::unexpected<Error>(std::move(input.error()));
    }
    auto output = OutputFile::open(output_path_);
    if (!output) {
        co_return tl::unexpected<Error>(std::move(output.error()));
    }
    input_ = std::make_shared<InputPump>(*this, std::move(*input));
    output_ = std::make_shared<OutputQueue>(*this, std::move(*output));
    co_return success();
}

void StubConnection::on_connected() {
    spawn("input", input_->run());
}

Awaitable<Result<void>> StubConnection::disconnect() {
    Result<void> saved = success();
    if (input_) {
        input_->stop();
        saved = co_await input_->finish(operation_deadline() - closing_time);
        if (const std::size_t left = input_->unsettled(); left != 0) {
            log().warning(std::to_string(left) +
                          " lines of the input file were handed out and not settled; they will "
                          "be read again");
        }
        next_ticket_ = input_->file().next_ticket();
        input_.reset();
    }
    if (output_) {
        output_->close();
        output_.reset();
    }
    co_return saved;
}

void StubConnection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    for (const TakenEnvelope& envelope : batch) {
        const EnvelopeView view = envelope.view();
        std::string line;
        Result<void> good = output_ ? ensure_external(view) : ensure_connected();
        if (good) {
            good = append_stub_line(view, line);
        }
        if (good && output_) {
            output_->push(envelope.token(), std::move(line));
        } else {
            lane.complete(envelope.token(), good);
        }
    }
    if (output_) {
        output_->flush();
    }
}

void StubConnection::on_cancel(Lane&, std::uint64_t token) {
    if (output_) {
        output_->cancel(token);
    }
}

void StubConnection::on_receipt(Lane&, std::uint64_t receipt, const Receipt& what) {
    if (!input_) {
        return;
    }
    if (what.kind == ReceiptKind::done) {
        input_->consumed(receipt);
    } else {
        input_->dead_lettered(receipt);  // whatever went wrong, the host keeps it
    }
}

void StubConnection::on_room(Lane&, std::uint32_t) {
    if (input_) {
        input_->room();
    }
}

std::uint32_t StubConnection::max_in_flight() const {
    return 256;
}

}  // namespace patchbay::stub
