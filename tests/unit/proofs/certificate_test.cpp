// SPDX-License-Identifier: Apache-2.0
#include "proofs/certificate.hpp"

#include "proofs/text_encodings.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>

namespace patchbay::proofs {
namespace {

using nlohmann::json;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::system_clock;
using namespace std::chrono_literals;
using testing::HasSubstr;

const json& vectors(const char* group) {
    static const json all = [] {
        std::ifstream file(PATCHBAY_TEST_DATA "/aea-vectors.json");
        return json::parse(file).at("groups");
    }();
    return all.at(group);
}

config::CertRequest request_of(const json& entry) {
    config::CertRequest request;
    request.identifier = entry.at("identifier");
    request.ledger_id = entry.at("ledger_id");
    request.not_before = entry.at("not_before");
    request.not_after = entry.at("not_after");
    request.public_key = entry.at("public_key");
    request.save_path = entry.at("save_path");
    if (entry.contains("message_format")) {
        request.message_format = entry.at("message_format").get<std::string>();
    }
    return request;
}

// ---- Upstream's certificates -------------------------------------------------------------------

class UpstreamCertificate : public testing::TestWithParam<std::size_t> {
  protected:
    void SetUp() override {
        if (!ledger_of(vector().at("ledger_id").get<std::string>())) {
            GTEST_SKIP() << "built without Botan";
        }
    }
    static const json& vector() { return vectors("certificate").at(GetParam()); }
    static Ledger ledger() { return *ledger_of(vector().at("ledger_id").get<std::string>()); }
};

INSTANTIATE_TEST_SUITE_P(
    Certificates, UpstreamCertificate,
    testing::Range<std::size_t>(0, vectors("certificate").size()), [](const auto& instance) {
        return vectors("certificate").at(instance.param).at("name").template get<std::string>();
    });

TEST_P(UpstreamCertificate, IsMadeByteForByte) {
    const auto key = PrivateKey::from_bytes(
        ledger(), *from_hex(vector().at("main_key").at("private_key_hex").get<std::string>()));
    ASSERT_TRUE(key);
    EXPECT_EQ(*key->public_key()->text(), vector().at("main_key").at("public_key"));
    EXPECT_EQ(*key->public_key()->address(), vector().at("main_key").at("address"));
    const auto message = message_of(request_of(vector().at("cert_request")),
                                    vector().at("public_key_signed").get<std::string>());
    ASSERT_TRUE(message);
    EXPECT_EQ(to_hex(*message), vector().at("message_hex"));
    const auto signature = key->sign(*message);
    ASSERT_TRUE(signature);
    EXPECT_EQ(*signature, vector().at("signature"));
    EXPECT_EQ(encode_certificate(*signature), vector().at("file_text"));
}

TEST_P(UpstreamCertificate, HasItsConnectionKeysPublicHalf) {
    const json& connection = vector().at("connection_key");
    if (connection.is_null()) {
        return;
    }
    const auto key =
        PrivateKey::from_bytes(*ledger_of(connection.at("ledger_id").get<std::string>()),
                               *from_hex(connection.at("private_key_hex").get<std::string>()));
    EXPECT_EQ(*key->public_key()->text(), connection.at("public_key"));
    EXPECT_EQ(*key->public_key()->address(), connection.at("address"));
}

TEST_P(UpstreamCertificate, IsAcceptedAndRefusedAsByUpstream) {
    for (const json& one : vector().at("verify")) {
        json entry = vector().at("cert_request");
        if (one.contains("cert_request_changes")) {
            entry.update(one.at("cert_request_changes"));
        }
        const std::string content =
            (one.contains("file_text") ? one : vector()).at("file_text").get<std::string>();
        const json& record = one.at("record");
        const auto message = message_of(request_of(entry),
                                        record.at("representative_public_key").get<std::string>());
        ASSERT_TRUE(message);
        const auto checked = decode_certificate(content).and_then([&](const std::string& text) {
            return check_signature(ledger(), *message, text,
                                   record.at("address").get<std::string>());
        });
        EXPECT_EQ(checked.has_value(), one.at("result") == "accepted") << one.at("case");
        if (checked && one.contains("public_key")) {
            EXPECT_EQ(*checked->text(), one.at("public_key")) << one.at("case");
        }
    }
}

// ---- Upstream's requests -----------------------------------------------------------------------

TEST(CertRequestFields, MeanWhatTheyMeanToUpstream) {
    for (const json& vector : vectors("cert_request")) {
        const std::string name = vector.at("name");
        const json& entry = vector.at("cert_request");
        // Shapes and days are the configuration's matter. A number with an underscore is no key
        // to us, though Python reads it.
        if (!vector.contains("parsed") || name == "public_key_underscores_in_number") {
            continue;
        }
        const auto represented = represented_by(entry.at("public_key").get<std::string>());
        ASSERT_TRUE(represented) << name;
        const json& parsed = vector.at("parsed");
        EXPECT_EQ(represented->key_id, parsed.at("key_identifier").is_null()
                                           ? ""
                                           : parsed.at("key_identifier").get<std::string>())
            << name;
        EXPECT_EQ(represented->public_key, parsed.at("public_key").is_null()
                                               ? ""
                                               : parsed.at("public_key").get<std::string>())
            << name;
    }
    EXPECT_EQ(represented_by("ab-cd").error().code, "proof.bad_public_key");
    EXPECT_EQ(represented_by("").error().code, "proof.bad_public_key");
}

TEST(CertRequestFields, ABareKeyThatBeginsWithALetterIsAKey) {
    const std::string key(66, 'a');
    EXPECT_EQ(represented_by(key)->public_key, key);
    EXPECT_EQ(represented_by(key)->key_id, "");
}

TEST(CertRequestFields, MakeUpstreamsMessage) {
    for (const json& vector : vectors("cert_request")) {
        if (!vector.contains("message_for_public_key")) {
            continue;
        }
        const auto message = message_of(request_of(vector.at("cert_request")),
                                        vector.at("message_for_public_key").get<std::string>());
        ASSERT_EQ(message.has_value(), vector.at("result") == "accepted") << vector.at("name");
        if (message) {
            EXPECT_EQ(to_hex(*message), vector.at("message_hex")) << vector.at("name");
        } else {
            EXPECT_EQ(message.error().code, "proof.bad_message_format");
        }
    }
}

TEST(CertRequestFields, BracesAreWrittenTwice) {
    config::CertRequest request;
    request.message_format = "{{{public_key}}}";
    EXPECT_EQ(*message_of(request, "k"), "{k}");
    for (const char* format : {"{", "}", "{public_key", "public_key}", "{public_key!r}"}) {
        request.message_format = format;
        EXPECT_FALSE(message_of(request, "k")) << format;
    }
}

// ---- Our rules ---------------------------------------------------------------------------------

class CertificatesTest : public testing::Test {
  protected:
    void SetUp() override {
        request_.identifier = "acn";
        request_.ledger_id = "cosmos";
        request_.not_before = "2026-01-01";
        request_.not_after = "2026-12-31";
        request_.public_key = "ed25519";
        request_.message_format = "{identifier} {public_key} {not_before} {not_after}";
        request_.save_path = ".certs/acn.txt";
    }
    void make_keys() {
        ASSERT_TRUE(certificates_.keys().generate(Ledger::cosmos, KeyRole::main, std::nullopt));
        ASSERT_TRUE(
            certificates_.keys().generate(Ledger::ed25519, KeyRole::connection, std::nullopt));
    }

    const system_clock::time_point now_ = sys_days{2026y / 6 / 15} + 12h;
    TemporaryFolder folder_;
    Certificates certificates_{folder_.path()};
    config::CertRequest request_;
};

TEST_F(CertificatesTest, AreIssuedAndFoundGood) {
    make_keys();
    const auto issued = certificates_.issue(request_, std::nullopt, now_);
    ASSERT_TRUE(issued) << to_string(issued.error());
    EXPECT_EQ(issued->path, folder_.file(".certs/acn.txt"));
    const auto loaded = certificates_.load(request_, now_);
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    EXPECT_EQ(loaded->signature, issued->signature);
    EXPECT_EQ(loaded->message, issued->message);
    EXPECT_EQ(loaded->public_key,
              *certificates_.keys().public_key(Ledger::ed25519, KeyRole::connection)->text());
    EXPECT_THAT(loaded->signer_address, testing::StartsWith("cosmos1"));
}

TEST_F(CertificatesTest, CountFromTheFirstToTheLastDay) {
    make_keys();
    ASSERT_TRUE(certificates_.issue(request_, std::nullopt, now_));
    const auto code = [this](system_clock::time_point now) {
        const auto loaded = certificates_.load(request_, now);
        return loaded ? "" : loaded.error().code;
    };
    EXPECT_EQ(code(sys_days{2026y / 1 / 1} - 1s), "proof.not_yet_valid");
    EXPECT_EQ(code(sys_days{2026y / 1 / 1}), "");
    EXPECT_EQ(code(sys_days{2027y / 1 / 1} - 1s), "");
    EXPECT_EQ(code(sys_days{2027y / 1 / 1}), "proof.expired");
}

TEST_F(CertificatesTest, AreNotIssuedWhenAlreadyExpired) {
    make_keys();
    EXPECT_EQ(certificates_.issue(request_, std::nullopt, now_ + days{365}).error().code,
              "proof.expired");
    EXPECT_TRUE(certificates_.issue(request_, std::nullopt, now_ - days{365}));
}

TEST_F(CertificatesTest, NameTheCommandWhenAKeyOrTheFileIsMissing) {
    const auto no_connection_key = certificates_.issue(request_, std::nullopt, now_);
    ASSERT_FALSE(no_connection_key);
    EXPECT_EQ(no_connection_key.error().code, "proof.no_key");
    EXPECT_THAT(no_connection_key.error().message,
                HasSubstr("patchbay keys generate ed25519 --connection"));
    make_keys();
    const auto missing = certificates_.load(request_, now_);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "proof.missing");
    EXPECT_THAT(missing.error().message, HasSubstr("patchbay issue-certificates"));
    EXPECT_THAT(missing.error().message, HasSubstr("`acn`"));
}

TEST_F(CertificatesTest, AreRefusedAfterTheRequestChanged) {
    make_keys();
    ASSERT_TRUE(certificates_.issue(request_, std::nullopt, now_));
    request_.not_after = "2030-12-31";
    EXPECT_EQ(certificates_.load(request_, now_).error().code, "proof.bad_signature");
}

TEST_F(CertificatesTest, OfEncryptedKeysAreCheckedWithoutThePassword) {
    ASSERT_TRUE(certificates_.keys().generate(Ledger::cosmos, KeyRole::main, "secret"));
    request_.public_key = "0x0123";
    EXPECT_EQ(certificates_.issue(request_, std::nullopt, now_).error().code,
              "proof.password_required");
    ASSERT_TRUE(certificates_.issue(request_, "secret", now_));
    EXPECT_TRUE(certificates_.load(request_, now_));
}

TEST_F(CertificatesTest, AreWrittenOnlyBelowTheDataFolder) {
    make_keys();
    for (const char* path : {"../outside.txt", "/tmp/outside.txt", "a/../../outside.txt"}) {
        request_.save_path = path;
        EXPECT_EQ(certificates_.issue(request_, std::nullopt, now_).error().code, "proof.bad_path");
        EXPECT_EQ(certificates_.load(request_, now_).error().code, "proof.bad_path");
    }
}

TEST_F(CertificatesTest, OfUnknownLedgersAreRefused) {
    request_.ledger_id = "solana";
    request_.public_key = "0x0123";
    EXPECT_EQ(certificates_.load(request_, now_).error().code, "proof.unknown_ledger");
}

}  // namespace
}  // namespace patchbay::proofs
