// SPDX-License-Identifier: Apache-2.0
#include "stub_escapes.hpp"
#include "stub_scan.hpp"

#include <patchbay/public_id.hpp>
#include <patchbay/stub_format.hpp>

#include <algorithm>
#include <utility>

namespace patchbay {

namespace {

constexpr std::size_t none = std::string_view::npos;
/// How much of a line that is too long is kept for its report.
constexpr std::size_t sample_size = 1024;

Error line_error(const char* code, std::string message) {
    return Error{ErrorClass::invalid, code, std::move(message)};
}

/// What an escaped message stands for, upstream's way unless one byte per character makes a
/// message.
std::optional<std::string> unescaped_message(std::string_view escaped) {
    const auto characters = stub::unescape(escaped);
    if (!characters) {
        return std::nullopt;
    }
    if (auto bytes = stub::as_bytes(*characters)) {
        bytes->push_back(',');
        const stub::MessageEnd end = stub::find_message_end(*bytes, 0);
        if (end.state == stub::MessageState::complete && end.comma + 1 == bytes->size()) {
            bytes->pop_back();
            return bytes;
        }
    }
    return stub::as_utf8(*characters);
}

/// Where the end of a line may be, among the separators from one position on.
struct LineEnd {
    stub::Separator line;     ///< a line follows it; position npos when there is none
    std::size_t last = none;  ///< a comma with nothing but blanks behind it
    std::size_t resume = 0;   ///< where to go on when there is more text
};

/// `stops_at_newline`: any newline ends the line.
LineEnd find_line_end(std::string_view text, std::size_t from, std::size_t max_field,
                      bool stops_at_newline) noexcept {
    LineEnd end;
    end.resume = none;
    stub::Separator found = stub::next_separator(text, from, max_field);
    while (found.position != none) {
        const bool newline = text[found.position] == '\n';
        if (found.follows == stub::Follows::line || (newline && stops_at_newline)) {
            end.line = found;
            return end;
        }
        if (found.follows != stub::Follows::other) {
            end.resume = std::min(end.resume, found.position);
        }
        if (found.follows == stub::Follows::blank && !newline) {
            end.last = found.position;
        }
        // Behind the newlines of the same blank run stands the same.
        const std::size_t next =
            stops_at_newline ? found.position + 1 : std::max(found.position + 1, found.next);
        found = stub::next_separator(text, next, max_field);
    }
    end.line.position = none;
    end.resume = std::min(end.resume, text.size());
    return end;
}

}  // namespace

Result<void> append_stub_line(const EnvelopeView& envelope, std::string& text) {
    if (auto checked = check(envelope); !checked) {
        return checked;
    }
    const auto id = view_public_id(envelope.protocol_id);
    text.reserve(text.size() + envelope.to.size() + envelope.sender.size() + printed_size(*id) +
                 envelope.message.size() + 4);
    text.append(envelope.to).append(1, ',').append(envelope.sender).append(1, ',');
    text.append(to_string(*id)).append(1, ',').append(envelope.message).append(1, ',');
    return {};
}

StubDecoder::StubDecoder(StubLimits limits, std::uint64_t start) : limits_(limits), base_(start) {}

void StubDecoder::feed(std::string_view bytes) {
    if (head_ != 0) {
        buffer_.erase(0, head_);
        base_ += head_;
        scan_ -= std::min(scan_, head_);
        head_ = 0;
    }
    buffer_.append(bytes);
    settled_ = false;
}

void StubDecoder::restart(std::uint64_t start) {
    buffer_.clear();
    base_ = start;
    head_ = 0;
    scan_ = 0;
    settled_ = false;
    skipping_ = false;
}

std::optional<StubItem> StubDecoder::abandon() {
    if (consumed() == fed()) {
        return std::nullopt;
    }
    Error reason = line_error("stub.cut_off", "the file ended before the line did");
    if (!skipping_) {
        return report(buffer_.size(), std::move(reason));
    }
    skipping_ = false;
    advance(buffer_.size());
    return StubItem{skip_begin_, fed() - skip_begin_, skip_sample_,
                    tl::unexpected(std::move(reason))};
}

std::uint64_t StubDecoder::consumed() const noexcept {
    return skipping_ ? skip_begin_ : base_ + head_;
}

std::optional<StubItem> StubDecoder::next() {
    if (skipping_) {
        return continue_skipping();
    }
    head_ = stub::skip_blank(buffer_, head_);
    if (head_ == buffer_.size()) {
        return std::nullopt;
    }
    if (auto item = parse()) {
        return item;
    }
    return give_up_when_too_long();
}

std::optional<StubItem> StubDecoder::parse() {
    const stub::Header header = stub::read_header(buffer_, head_, limits_.max_field);
    switch (header.state) {
        case stub::HeaderState::incomplete:
            return std::nullopt;
        case stub::HeaderState::line_ends:
            return parse_bad_line(none, line_error("stub.not_a_line",
                                                   "the line ends before three fields; expected "
                                                   "to,sender,protocol_id,message,"));
        case stub::HeaderState::field_too_long:
            return parse_bad_line(none,
                                  line_error("stub.field_too_long",
                                             "a field before the message is longer than " +
                                                 std::to_string(limits_.max_field) + " bytes"));
        case stub::HeaderState::complete:
            break;
    }
    if (auto checked = check(header.fields); !checked) {
        return parse_bad_line(header.message_begin, std::move(checked.error()));
    }
    return parse_message(header.fields, header.message_begin);
}

std::optional<StubItem> StubDecoder::parse_message(const EnvelopeView& header,
                                                   std::size_t message_begin) {
    const stub::MessageEnd message = stub::find_message_end(buffer_, message_begin);
    if (message.state == stub::MessageState::complete) {
        return deliver(header, message_begin, message.comma, false);
    }
    if (message.state == stub::MessageState::incomplete) {
        return std::nullopt;
    }
    const LineEnd end =
        find_line_end(buffer_, std::max(scan_, message_begin), limits_.max_field, false);
    if (end.line.position != none) {
        if (buffer_[end.line.position] == ',') {
            return deliver(header, message_begin, end.line.position, true);
        }
        return report(end.line.position + 1,
                      line_error("stub.no_final_comma",
                                 "the next line begins before a comma has ended the message"));
    }
    const bool too_long = buffer_.size() - head_ > limits_.max_line;
    if (end.last != none && (settled_ || too_long)) {
        return deliver(header, message_begin, end.last, true);
    }
    scan_ = end.resume;
    return std::nullopt;
}

std::optional<StubItem> StubDecoder::parse_bad_line(std::size_t message_begin, Error reason) {
    if (message_begin != none) {
        const stub::MessageEnd message = stub::find_message_end(buffer_, message_begin);
        if (message.state == stub::MessageState::complete) {
            return report(message.comma + 1, std::move(reason));
        }
        if (message.state == stub::MessageState::incomplete && message_begin < buffer_.size()) {
            return std::nullopt;
        }
    }
    const LineEnd end = find_line_end(buffer_, std::max(scan_, head_), limits_.max_field, true);
    if (end.line.position != none) {
        return report(end.line.position + 1, std::move(reason));
    }
    if (end.last != none && settled_) {
        return report(end.last + 1, std::move(reason));
    }
    scan_ = end.resume;
    return std::nullopt;
}

std::optional<StubItem> StubDecoder::give_up_when_too_long() {
    const bool too_long = buffer_.size() - head_ > limits_.max_line;
    std::size_t resume = std::max(scan_, head_);
    bool will_be_too_long = false;
    const stub::Header header = stub::read_header(buffer_, head_, limits_.max_field);
    if (header.state == stub::HeaderState::complete) {
        const stub::MessageEnd message = stub::find_message_end(buffer_, header.message_begin);
        if (message.state == stub::MessageState::incomplete) {
            resume = message.comma;
            will_be_too_long = message.comma - head_ >= limits_.max_line;
        }
    }
    if (!too_long && !will_be_too_long) {
        return std::nullopt;
    }
    skipping_ = true;
    skip_begin_ = base_ + head_;
    skip_until_ = base_ + resume;
    skip_sample_ = buffer_.substr(head_, sample_size);
    return continue_skipping();
}

std::optional<StubItem> StubDecoder::continue_skipping() {
    if (skip_until_ >= fed()) {
        head_ = buffer_.size();
        return std::nullopt;
    }
    head_ = static_cast<std::size_t>(skip_until_ - base_);
    const LineEnd end = find_line_end(buffer_, head_, limits_.max_field, true);
    const bool settled = settled_ || buffer_.size() - head_ > limits_.max_line;
    std::size_t after = none;
    if (end.line.position != none) {
        after = end.line.position + 1;
    } else if (end.last != none && settled) {
        after = end.last + 1;
    } else {
        head_ = end.resume;
        skip_until_ = base_ + head_;
        return std::nullopt;
    }
    const std::uint64_t length = base_ + after - skip_begin_;
    advance(after);
    skipping_ = false;
    return StubItem{skip_begin_, length, skip_sample_, tl::unexpected(too_long_error(length))};
}

Error StubDecoder::too_long_error(std::uint64_t length) const {
    return line_error("stub.line_too_long", "a line of " + std::to_string(length) +
                                                " bytes; at most " +
                                                std::to_string(limits_.max_line) + " are allowed");
}

StubItem StubDecoder::deliver(EnvelopeView header, std::size_t message_begin, std::size_t comma,
                              bool opaque) {
    const std::string_view text = buffer_;
    if (comma + 1 - head_ > limits_.max_line) {
        return report(comma + 1, too_long_error(comma + 1 - head_));
    }
    header.message = text.substr(message_begin, comma - message_begin);
    if (opaque && stub::is_escaped(header.message)) {
        auto message = unescaped_message(header.message);
        if (!message) {
            return report(comma + 1,
                          line_error("stub.bad_escape",
                                     "the message contains \\x and is therefore taken for escaped "
                                     "text, but one of its escapes has no meaning"));
        }
        unescaped_ = std::move(*message);
        header.message = unescaped_;
    }
    StubItem item{base_ + head_, comma + 1 - head_, text.substr(head_, comma + 1 - head_), header};
    advance(comma + 1);
    return item;
}

StubItem StubDecoder::report(std::size_t end, Error reason) {
    const std::size_t shown = std::min(end - head_, limits_.max_line);
    StubItem item{base_ + head_, end - head_, std::string_view(buffer_).substr(head_, shown),
                  tl::unexpected(std::move(reason))};
    advance(end);
    return item;
}

void StubDecoder::advance(std::size_t end) noexcept {
    head_ = end;
    scan_ = 0;
}

}  // namespace patchbay
