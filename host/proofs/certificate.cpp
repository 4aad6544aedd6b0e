// SPDX-License-Identifier: Apache-2.0
#include "proofs/certificate.hpp"

#include "config/identifier_rules.hpp"
#include "proofs/text_encodings.hpp"

#include <patchbay/private_file.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

namespace patchbay::proofs {
namespace {

constexpr std::size_t largest_file = 64U << 10U;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string day_text(std::chrono::system_clock::time_point time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    char text[32];
    std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text;
}

/// Which request it is about, in front of what is wrong with it.
Error about(const config::CertRequest& request, Error error) {
    error.message = "Certificate `" + request.identifier + "` of `" + request.ledger_id + "` (" +
                    request.save_path + "): " + error.message;
    return error;
}

tl::unexpected<Error> bad_format(const std::string& why) {
    return failure(ErrorClass::invalid, "proof.bad_message_format", "`message_format` " + why);
}

}  // namespace

Result<Represented> represented_by(std::string_view public_key) {
    constexpr std::size_t shortest_bare_key = 64;
    const std::string_view digits =
        public_key.starts_with("0x") ? public_key.substr(2) : public_key;
    const bool hexadecimal =
        !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
            return std::isxdigit(static_cast<unsigned char>(c)) != 0;
        });
    if (hexadecimal && digits.size() >= shortest_bare_key) {
        return Represented{{}, std::string(public_key)};
    }
    if (!config::simple_id_problem(public_key)) {
        return Represented{std::string(public_key), {}};
    }
    if (hexadecimal) {
        return Represented{{}, std::string(public_key)};
    }
    return failure(ErrorClass::invalid, "proof.bad_public_key",
                   "`public_key` is neither the id of a key nor a public key in hexadecimal "
                   "digits: `" +
                       std::string(public_key) + "`.");
}

Result<std::string> message_of(const config::CertRequest& request, std::string_view public_key) {
    std::string_view format = "{public_key}";
    if (request.message_format) {
        format = *request.message_format;
    }
    std::string message;
    for (std::size_t at = 0; at < format.size(); ++at) {
        const char c = format[at];
        if (static_cast<unsigned char>(c) > 0x7F) {
            return bad_format("may hold ASCII only; only that can be signed.");
        }
        if (c != '{' && c != '}') {
            message += c;
            continue;
        }
        if (at + 1 < format.size() && format[at + 1] == c) {
            message += c;
            ++at;
            continue;
        }
        const std::size_t end = format.find('}', at);
        if (c == '}' || end == std::string_view::npos) {
            return bad_format(std::string("has a single `") + c + "`; write it twice for a brace.");
        }
        const std::string_view name = format.substr(at + 1, end - at - 1);
        if (name == "public_key") {
            message += public_key;
        } else if (name == "identifier") {
            message += request.identifier;
        } else if (name == "not_before") {
            message += request.not_before;
        } else if (name == "not_after") {
            message += request.not_after;
        } else {
            return bad_format("has the placeholder `{" + std::string(name) +
                              "}`; there are {public_key}, {identifier}, {not_before} and "
                              "{not_after}.");
        }
        at = end;
    }
    return message;
}

std::string encode_certificate(std::string_view signature) {
    return to_hex(signature);
}

Result<std::string> decode_certificate(std::string_view content) {
    std::string signature;
    std::size_t at = 0;
    while (at < content.size()) {
        if (is_space(content[at])) {
            ++at;
            continue;
        }
        const auto byte = from_hex(content.substr(at, 2));
        if (!byte || byte->empty() || static_cast<unsigned char>(byte->front()) > 0x7F) {
            return failure(ErrorClass::invalid, "proof.bad_file",
                           "The file is no certificate: it holds the text of a signature in "
                           "hexadecimal digits, but byte " +
                               std::to_string(at + 1) + " is something else.");
        }
        signature += *byte;
        at += 2;
    }
    if (signature.empty()) {
        return failure(ErrorClass::invalid, "proof.bad_file",
                       "The file is no certificate: it is empty.");
    }
    return signature;
}

Result<void> check_validity(const config::CertRequest& request,
                            std::chrono::system_clock::time_point now) {
    const std::string today = day_text(now);
    if (today > request.not_after) {
        return failure(ErrorClass::invalid, "proof.expired",
                       "it expired: its last day was " + request.not_after + ", today is " + today +
                           " (UTC).");
    }
    if (today < request.not_before) {
        return failure(ErrorClass::invalid, "proof.not_yet_valid",
                       "it is not valid yet: its first day is " + request.not_before +
                           ", today is " + today + " (UTC).");
    }
    return {};
}

Result<std::string> read_certificate_file(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return failure(ErrorClass::invalid, "proof.missing",
                       "there is no file " + path + "; make it with: patchbay issue-certificates");
    }
    if (!std::filesystem::is_regular_file(path, error) ||
        std::filesystem::file_size(path, error) > largest_file || error) {
        return failure(ErrorClass::invalid, "proof.bad_file",
                       path + " is no regular file, or larger than a certificate can be.");
    }
    std::ifstream file(path, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file.is_open() || file.bad()) {
        return failure(ErrorClass::failed, "proof.bad_file", "cannot read " + path + '.');
    }
    return content;
}

Certificates::Certificates(std::string data_folder)
    : data_folder_(std::move(data_folder)), keys_(data_folder_ + "/keys") {}

Result<Certificate> Certificates::prepare(const config::CertRequest& request) const {
    Certificate certificate;
    certificate.request = request;
    if (const auto problem = config::inner_path_problem(request.save_path)) {
        return failure(ErrorClass::invalid, "proof.bad_path", "`save_path` " + *problem + '.');
    }
    certificate.path = data_folder_ + '/' + request.save_path;
    const Result<Represented> represented = represented_by(request.public_key);
    if (!represented) {
        return tl::unexpected<Error>(represented.error());
    }
    certificate.public_key = represented->public_key;
    if (!represented->key_id.empty()) {
        const Result<std::string> text =
            ledger_of(represented->key_id)
                .and_then(
                    [this](Ledger ledger) { return keys_.public_key(ledger, KeyRole::connection); })
                .and_then([](const PublicKey& key) { return key.text(); });
        if (!text) {
            return tl::unexpected<Error>(text.error());
        }
        certificate.public_key = *text;
    }
    Result<std::string> message = message_of(request, certificate.public_key);
    if (!message) {
        return tl::unexpected<Error>(message.error());
    }
    certificate.message = std::move(*message);
    const Result<PublicKey> signer = ledger_of(request.ledger_id).and_then([this](Ledger ledger) {
        return keys_.public_key(ledger, KeyRole::main);
    });
    if (!signer) {
        return tl::unexpected<Error>(signer.error());
    }
    const Result<std::string> text = signer->text();
    const Result<std::string> address = signer->address();
    if (!text || !address) {
        return tl::unexpected<Error>(!text ? text.error() : address.error());
    }
    certificate.signer_public_key = *text;
    certificate.signer_address = *address;
    return certificate;
}

Result<Certificate> Certificates::issue(const config::CertRequest& request,
                                        const std::optional<std::string>& password,
                                        std::chrono::system_clock::time_point now) const {
    const auto fail = [&request](Error error) {
        return tl::unexpected<Error>(about(request, std::move(error)));
    };
    if (const Result<void> valid = check_validity(request, now);
        !valid && valid.error().code == "proof.expired") {
        return fail(valid.error());
    }
    Result<Certificate> certificate = prepare(request);
    if (!certificate) {
        return fail(certificate.error());
    }
    const Result<std::string> signature =
        ledger_of(request.ledger_id)
            .and_then(
                [&](Ledger ledger) { return keys_.private_key(ledger, KeyRole::main, password); })
            .and_then([&](const PrivateKey& key) { return key.sign(certificate->message); });
    if (!signature) {
        return fail(signature.error());
    }
    certificate->signature = *signature;
    // An encrypted key's public half comes from a file: what is written must fit to it.
    if (auto good = check_signature(*ledger_of(request.ledger_id), certificate->message, *signature,
                                    certificate->signer_address);
        !good) {
        return fail(good.error());
    }
    if (auto written =
            write_private_file(certificate->path, encode_certificate(certificate->signature));
        !written) {
        return fail(written.error());
    }
    return certificate;
}

Result<Certificate> Certificates::load(const config::CertRequest& request,
                                       std::chrono::system_clock::time_point now) const {
    const auto fail = [&request](Error error) {
        return tl::unexpected<Error>(about(request, std::move(error)));
    };
    Result<Certificate> certificate = prepare(request);
    if (!certificate) {
        return fail(certificate.error());
    }
    Result<std::string> signature =
        read_certificate_file(certificate->path).and_then([](const std::string& content) {
            return decode_certificate(content);
        });
    if (!signature) {
        return fail(signature.error());
    }
    certificate->signature = std::move(*signature);
    if (auto good = check_signature(*ledger_of(request.ledger_id), certificate->message,
                                    certificate->signature, certificate->signer_address);
        !good) {
        return fail(good.error());
    }
    if (auto valid = check_validity(request, now); !valid) {
        return fail(valid.error());
    }
    return certificate;
}

}  // namespace patchbay::proofs
