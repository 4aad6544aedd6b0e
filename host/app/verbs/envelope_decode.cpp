// SPDX-License-Identifier: Apache-2.0
#include "app/envelope_text.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/stub_format.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct DecodeOptions {
    std::string file = "-";
    std::string format = "stub";
    bool json = false;
};

/// Prints envelopes one after the other: JSON one per line, text in paragraphs.
class Printer {
  public:
    Printer(bool json, Invocation& invocation) : json_(json), invocation_(invocation) {}

    void envelope(const EnvelopeView& envelope) {
        if (json_) {
            invocation_.out << to_json(envelope).dump(-1, ' ', false,
                                                      nlohmann::json::error_handler_t::replace)
                            << '\n';
            return;
        }
        invocation_.out << (count_++ == 0 ? "" : "\n") << describe(envelope);
    }
    void problem(const std::string& text) {
        invocation_.err << "patchbay: " << text << '\n';
        failed_ = true;
    }
    [[nodiscard]] int exit_code() const { return failed_ ? exit_failed : exit_ok; }

  private:
    bool json_;
    Invocation& invocation_;
    std::size_t count_ = 0;
    bool failed_ = false;
};

void print_next(StubDecoder& decoder, Printer& printer) {
    while (const std::optional<StubItem> item = decoder.next()) {
        if (item->envelope) {
            printer.envelope(*item->envelope);
        } else {
            printer.problem("At byte " + std::to_string(item->offset) + ": " +
                            to_string(item->envelope.error()));
        }
    }
}

void print_stub(std::istream& in, Printer& printer) {
    StubDecoder decoder;
    std::string chunk(65536, '\0');
    while (in) {
        in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        decoder.feed({chunk.data(), static_cast<std::size_t>(in.gcount())});
        print_next(decoder, printer);
    }
    decoder.settle();
    print_next(decoder, printer);
    if (decoder.consumed() < decoder.fed()) {
        printer.problem("At byte " + std::to_string(decoder.consumed()) +
                        ": the last line is not complete (" +
                        std::to_string(decoder.fed() - decoder.consumed()) + " bytes).");
    }
}

void print_protobuf(std::istream& in, Printer& printer) {
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    const Result<Envelope> envelope = decode(bytes);
    if (envelope) {
        printer.envelope(envelope->view());
    } else {
        printer.problem(to_string(envelope.error()));
    }
}

int decode_envelopes(const DecodeOptions& options, Invocation& invocation) {
    std::ifstream file;
    if (options.file != "-") {
        file.open(options.file, std::ios::binary);
        if (!file) {
            invocation.err << "patchbay: Cannot read the file " << options.file << ".\n";
            return exit_failed;
        }
    }
    std::istream& in = options.file == "-" ? invocation.in : file;
    Printer printer(options.json, invocation);
    if (options.format == "protobuf") {
        print_protobuf(in, printer);
    } else {
        print_stub(in, printer);
    }
    return printer.exit_code();
}

}  // namespace

void add_envelope_decode(Command group, Invocation& invocation) {
    Command verb =
        group.add_subcommand("decode", "Print the envelopes of a file or of standard input");
    const auto options = std::make_shared<DecodeOptions>();
    verb.add_option("file", options->file, "File to read; - is standard input").show_default();
    verb.add_option("--format", options->format,
                    "stub (any number of lines) or protobuf (one envelope)")
        .one_of({"stub", "protobuf"})
        .show_default();
    verb.add_flag("--json", options->json, "Print JSON, one envelope per line");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] {
            return decode_envelopes(*options, invocation);
        };
    });
}

}  // namespace patchbay::app
