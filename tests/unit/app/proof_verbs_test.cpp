// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/proof_service.hpp"
#include "unit/app/example_host.hpp"
#include "unit/app/run_patchbay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace patchbay::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ProofVerbsTest : public testing::Test {
  protected:
    void SetUp() override {
        host_.add_plugin("user",
                         "connections: [acme/base:0.1.0]\ncert_requests:\n"
                         "  - identifier: acn\n    ledger_id: cosmos\n"
                         "    not_before: '2020-01-01'\n    not_after: '2999-12-31'\n"
                         "    public_key: ed25519\n    save_path: .certs/acn.txt\n"
                         "    message_format: '{identifier} {public_key} {not_after}'\n");
    }
    Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--config", host_.config()});
        return run_patchbay(std::move(arguments));
    }
    void make_keys() {
        ASSERT_EQ(run({"keys", "generate", "cosmos", "--plain"}).code, exit_ok);
        ASSERT_EQ(run({"keys", "generate", "ed25519", "--connection", "--plain"}).code, exit_ok);
    }
    std::string password_file(const std::string& password) {
        const std::string path = host_.folder.file("password");
        std::ofstream(path) << password << '\n';
        ::chmod(path.c_str(), 0600);
        return path;
    }

    ExampleHost host_;
};

TEST_F(ProofVerbsTest, GenerateMakesAKeyThatListAndShowKnow) {
    const Outcome made = run({"keys", "generate", "cosmos", "--plain", "--json"});
    ASSERT_EQ(made.code, exit_ok) << made.err;
    const json key = json::parse(made.out);
    EXPECT_EQ(key.at("ledger"), "cosmos");
    EXPECT_EQ(key.at("role"), "main");
    EXPECT_EQ(key.at("path"), host_.folder.file("data/keys/cosmos_private_key.txt"));
    EXPECT_EQ(json::parse(run({"keys", "show", "cosmos", "--json"}).out), key);
    EXPECT_EQ(json::parse(run({"keys", "list", "--json"}).out).at(0), key);
    EXPECT_THAT(run({"keys", "list"}).out, HasSubstr(key.at("address").get<std::string>()));
}

TEST_F(ProofVerbsTest, NoVerbPrintsASecret) {
    make_keys();
    std::ifstream file(host_.folder.file("data/keys/cosmos_private_key.txt"));
    const std::string secret(std::istreambuf_iterator<char>(file), {});
    ASSERT_EQ(secret.size(), 64U);
    for (const Outcome& outcome :
         {run({"keys", "list", "--json"}), run({"keys", "show", "cosmos"}),
          run({"issue-certificates", "--json"}), run({"verify-certificate", "--json"})}) {
        EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
        EXPECT_THAT(outcome.out + outcome.err, testing::Not(HasSubstr(secret)));
    }
}

TEST_F(ProofVerbsTest, GenerateDoesNotReplace) {
    make_keys();
    const Outcome again = run({"keys", "generate", "cosmos", "--plain"});
    EXPECT_EQ(again.code, exit_failed);
    EXPECT_THAT(again.err, HasSubstr("proof.key_exists"));
}

TEST_F(ProofVerbsTest, GenerateWithAPasswordEncrypts) {
    const Outcome made =
        run({"keys", "generate", "ed25519", "--password-file", password_file("secret"), "--json"});
    ASSERT_EQ(made.code, exit_ok) << made.err;
    EXPECT_EQ(json::parse(made.out).at("encrypted"), true);
}

TEST_F(ProofVerbsTest, APasswordFileThatOthersCanReadIsRefused) {
    const std::string path = password_file("secret");
    ::chmod(path.c_str(), 0644);
    const Outcome made = run({"keys", "generate", "ed25519", "--password-file", path});
    EXPECT_EQ(made.code, exit_failed);
    EXPECT_THAT(made.err, HasSubstr("file.not_private"));
}

TEST_F(ProofVerbsTest, UnknownLedgersAndMissingKeysAreNamed) {
    EXPECT_THAT(run({"keys", "generate", "solana"}).err, HasSubstr("proof.unknown_ledger"));
    EXPECT_THAT(run({"keys", "show", "cosmos"}).err, HasSubstr("patchbay keys generate cosmos"));
    EXPECT_THAT(run({"keys", "list"}).out, HasSubstr("There are no keys"));
}

TEST_F(ProofVerbsTest, IssuedCertificatesAreFoundGood) {
    make_keys();
    const Outcome before = run({"verify-certificate"});
    EXPECT_EQ(before.code, exit_failed);
    EXPECT_THAT(before.err, HasSubstr("proof.missing"));
    const Outcome issued = run({"issue-certificates"});
    EXPECT_EQ(issued.code, exit_ok) << issued.err;
    EXPECT_THAT(issued.out, HasSubstr("Issued certificate `acn` for user"));
    const Outcome after = run({"verify-certificate", "--json"});
    EXPECT_EQ(after.code, exit_ok) << after.err;
    EXPECT_EQ(json::parse(after.out).at(0).at("valid"), true);
}

TEST_F(ProofVerbsTest, EncryptedMainKeysSignWithTheirPassword) {
    const std::string password = password_file("secret");
    ASSERT_EQ(run({"keys", "generate", "cosmos", "--password-file", password}).code, exit_ok);
    ASSERT_EQ(run({"keys", "generate", "ed25519", "--connection", "--plain"}).code, exit_ok);
    EXPECT_THAT(run({"issue-certificates"}).err, HasSubstr("proof.password_required"));
    EXPECT_EQ(run({"issue-certificates", "--password-file", password}).code, exit_ok);
    EXPECT_EQ(run({"verify-certificate"}).code, exit_ok);
}

TEST_F(ProofVerbsTest, OneFileIsVerifiedWithoutAHost) {
    make_keys();
    const json issued = json::parse(run({"issue-certificates", "--json"}).out).at(0);
    const auto verify = [&](const std::string& last_day, const std::string& address) {
        return run_patchbay({"verify-certificate", "--file", issued.at("path"), "--ledger",
                             "cosmos", "--address", address, "--public-key",
                             issued.at("public_key"), "--identifier", "acn", "--not-before",
                             "2020-01-01", "--not-after", last_day, "--message-format",
                             "{identifier} {public_key} {not_after}"});
    };
    EXPECT_EQ(verify("2999-12-31", issued.at("signer_address")).code, exit_ok);
    EXPECT_THAT(verify("2998-12-31", issued.at("signer_address")).err,
                HasSubstr("proof.bad_signature"));
    EXPECT_THAT(verify("2999-12-31", "cosmos1other").err, HasSubstr("proof.bad_signature"));
    EXPECT_THAT(verify("2999", issued.at("signer_address")).err, HasSubstr("proof.bad_date"));
}

TEST_F(ProofVerbsTest, RequestsThatWouldWriteOverEachOtherAreRefused) {
    host_.configure(
        "plugin_folders: [{path: plugins}]\nconnections:\n"
        "  - {class: acme/user:0.1.0, name: first}\n"
        "  - class: acme/user:0.1.0\n    name: second\n    cert_requests:\n"
        "      - {identifier: other, ledger_id: cosmos, not_before: '2020-01-01', not_after: "
        "'2999-12-31', public_key: '0x01', save_path: .certs/acn.txt}\n"
        "  - {class: acme/base:0.1.0}\n");
    const Outcome issued = run({"issue-certificates"});
    EXPECT_EQ(issued.code, exit_failed);
    EXPECT_THAT(issued.err, HasSubstr("proof.same_file"));
    make_keys();
    EXPECT_EQ(run({"issue-certificates", "first"}).code, exit_ok);
}

TEST_F(ProofVerbsTest, WhatIsToBeVerifiedMustBeSaid) {
    EXPECT_EQ(run_patchbay({"verify-certificate"}).code, exit_usage);
    EXPECT_EQ(run_patchbay({"verify-certificate", "--file", "x"}).code, exit_usage);
    EXPECT_EQ(run_patchbay({"issue-certificates"}).code, exit_usage);
    EXPECT_EQ(run_patchbay({"keys", "list"}).code, exit_failed);
}

TEST_F(ProofVerbsTest, ConnectionsGetWhatTheVerbsIssued) {
    make_keys();
    config::CertRequest request;
    request.identifier = "acn";
    request.ledger_id = "cosmos";
    request.not_before = "2020-01-01";
    request.not_after = "2999-12-31";
    request.public_key = "ed25519";
    request.save_path = ".certs/acn.txt";
    request.message_format = "{identifier} {public_key} {not_after}";
    ProofService service(host_.folder.file("data"));
    EXPECT_EQ(service.proofs_for({request}).problems.at(0).code, "proof.missing");
    ASSERT_EQ(run({"issue-certificates"}).code, exit_ok);
    const plugins::ProofCheck check = service.proofs_for({request});
    ASSERT_EQ(check.proofs.size(), 1U);
    EXPECT_EQ(check.proofs.at(0).path, host_.folder.file("data/.certs/acn.txt"));
    EXPECT_FALSE(check.proofs.at(0).signature.empty());
}

}  // namespace
}  // namespace patchbay::app
