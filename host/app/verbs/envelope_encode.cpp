// SPDX-License-Identifier: Apache-2.0
#include "app/envelope_text.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/nonce_source.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/public_id.hpp>
#include <patchbay/stub_format.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct EncodeOptions {
    std::string to;
    std::string sender;
    std::string protocol{protocols::default_protocol_id};
    std::string uri;
    std::string text;
    std::string hex;
    std::string file;
    std::string starter_reference;
    std::string format = "stub";
    std::optional<Option> text_given;
    std::optional<Option> hex_given;
    std::optional<Option> file_given;
    bool raw = false;
};

Result<std::string> content_of(const EncodeOptions& options, std::istream& in) {
    if (options.hex_given->given()) {
        return from_hex(options.hex);
    }
    if (options.text_given->given()) {
        return options.text;
    }
    if (options.file == "-") {
        return std::string(std::istreambuf_iterator<char>(in), {});
    }
    std::ifstream file(options.file, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (!file) {
        return failure(ErrorClass::invalid, "file.unreadable",
                       "Cannot read the file " + options.file + '.');
    }
    return bytes;
}

/// The content as the first message of a new dialogue of the default protocol; other protocols and
/// --raw take it as the message itself.
Result<std::string> message_of(const EncodeOptions& options, std::string content) {
    if (options.raw || options.protocol != protocols::default_protocol_id) {
        return content;
    }
    protocols::DefaultMessage message;
    message.header.starter_reference =
        options.starter_reference.empty() ? RandomNonces().next() : options.starter_reference;
    message.body = protocols::DefaultBytes{std::move(content)};
    return protocols::encode(message);
}

Result<std::string> encoded(const EncodeOptions& options, std::istream& in) {
    Result<std::string> content = content_of(options, in);
    if (!content) {
        return content;
    }
    Result<std::string> message = message_of(options, std::move(*content));
    if (!message) {
        return message;
    }
    Envelope parts{options.to, options.sender, options.protocol, std::move(*message), options.uri};
    if (parts.sender.empty()) {
        // Both sides must be of one kind.
        parts.sender = is_public_id(parts.to) ? "patchbay/cli:0.1.0" : "cli";
    }
    const Result<Envelope> envelope = Envelope::make(std::move(parts));
    if (!envelope) {
        return tl::unexpected<Error>(envelope.error());
    }
    if (options.format == "protobuf") {
        return encode(envelope->view());
    }
    if (options.format == "json") {
        return to_json(envelope->view()).dump(2) + '\n';
    }
    std::string line;
    if (Result<void> appended = append_stub_line(envelope->view(), line); !appended) {
        return tl::unexpected<Error>(std::move(appended.error()));
    }
    return line;
}

}  // namespace

void add_envelope_encode(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand(
        "encode", "Write one envelope to standard output, by default as a line of the stub");
    const auto options = std::make_shared<EncodeOptions>();
    verb.add_option("--to", options->to, "Address or public id of the receiver").required();
    verb.add_option("--sender", options->sender,
                    "Address or public id of the sender (default: cli, or patchbay/cli:0.1.0 when "
                    "--to is a public id)");
    verb.add_option("--protocol", options->protocol, "Specification id of the protocol")
        .show_default();
    verb.add_option("--uri", options->uri, "Context of the envelope");
    Command content = verb.add_choice("content", "What the message says");
    options->text_given = content.add_option("--text", options->text, "A text");
    options->hex_given = content.add_option("--hex", options->hex, "Bytes, in hexadecimal digits");
    options->file_given =
        content.add_option("--file", options->file, "Content of a file; - is standard input");
    verb.add_flag("--raw", options->raw,
                  "The content is the encoded message itself, not the content of a `bytes` "
                  "message");
    verb.add_option("--starter-reference", options->starter_reference,
                    "Dialogue reference (default: random)");
    verb.add_option("--format", options->format, "stub, protobuf or json")
        .one_of({"stub", "protobuf", "json"})
        .show_default();
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] {
            const Result<std::string> bytes = encoded(*options, invocation.in);
            if (!bytes) {
                invocation.err << "patchbay: " << to_string(bytes.error()) << '\n';
                return exit_failed;
            }
            invocation.out << *bytes;
            return exit_ok;
        };
    });
}

}  // namespace patchbay::app
