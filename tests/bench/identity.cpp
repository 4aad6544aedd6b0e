// SPDX-License-Identifier: Apache-2.0
/// \file
/// Certificates signed and verified, beside what OpenSSL needs for the same blocks of SHA-256: the
/// bare compression of as many blocks (the limit), HMAC() and EVP_Digest as a plain program calls
/// them, and EVP_MAC with a context that is keyed once. Then claims through the store, with the
/// disk in it. All candidates take turns in each round; medians of rounds, ratios round by round.
///
/// usage: identity [ROUNDS=9] [CERTIFICATES=100000]
#define OPENSSL_SUPPRESS_DEPRECATED
#include "events/event.hpp"
#include "identity/certificate.hpp"
#include "identity/certificate_judge.hpp"
#include "identity/claims.hpp"
#include "multiplexer/clock.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace patchbay::identity;

const std::string secret(64, 'k');
constexpr const char* agent_id = "agent-001";

class NoEvents final : public patchbay::events::EventSink {
  public:
    void publish(patchbay::events::Event) override {}
    [[nodiscard]] bool wants(patchbay::events::Level, const std::string&) const override {
        return false;
    }
};

double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Nanoseconds of processor time for each of `count` calls.
double measure(std::size_t count, const std::function<void(std::size_t)>& call) {
    const double start = processor_seconds();
    call(count);
    return (processor_seconds() - start) * 1e9 / static_cast<double>(count);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

struct Candidate {
    const char* name;
    /// Does one signature and one verification (or what stands for them) that many times.
    std::function<void(std::size_t)> run;
    std::vector<double> times{};
};

std::vector<Candidate> candidates(const SigningKeys& keys, CertificateJudge& judge,
                                  ClaimTable& table) {
    const CertificateTime issued_at = CertificateTime::of_microseconds(1754592348856811);
    const CertificateTime expires_at = CertificateTime::of_microseconds(1754678748856811);
    const std::string text = canonical_text(agent_id, issued_at, expires_at);
    const SigningKeys::Signed made = keys.sign(text);
    // Hash: the text. HMAC with a prepared key: the text, and one block more.
    const std::size_t blocks_of_text = (text.size() + 9 + 63) / 64;
    const std::size_t blocks = 2 * (2 * blocks_of_text + 1);
    std::printf("a certificate: %zu bytes of text; signed and verified: %zu blocks of SHA-256\n\n",
                text.size(), blocks);
    std::vector<Candidate> all;

    all.push_back({"bare blocks", [blocks](std::size_t count) {
                       std::vector<unsigned char> bytes(blocks * 64, 'x');
                       SHA256_CTX state;
                       SHA256_Init(&state);
                       for (std::size_t i = 0; i < count; ++i) {
                           SHA256_Update(&state, bytes.data(), bytes.size());
                       }
                       std::array<unsigned char, 32> digest{};
                       SHA256_Final(digest.data(), &state);
                   }});
    all.push_back({"HMAC() and EVP_Digest", [text](std::size_t count) {
                       const auto* data = reinterpret_cast<const unsigned char*>(text.data());
                       std::array<unsigned char, 32> digest{};
                       unsigned size = 0;
                       for (std::size_t i = 0; i < 2 * count; ++i) {
                           EVP_Digest(data, text.size(), digest.data(), &size, EVP_sha256(),
                                      nullptr);
                           HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data,
                                text.size(), digest.data(), &size);
                       }
                   }});
    all.push_back({"EVP_MAC keyed once", [text](std::size_t count) {
                       const auto* data = reinterpret_cast<const unsigned char*>(text.data());
                       EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
                       EVP_MD_CTX* hash = EVP_MD_CTX_new();
                       EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
                       EVP_MAC_CTX* hmac = EVP_MAC_CTX_new(mac);
                       char name[] = "SHA256";
                       const OSSL_PARAM parameters[] = {
                           OSSL_PARAM_construct_utf8_string("digest", name, 0),
                           OSSL_PARAM_construct_end()};
                       EVP_MAC_init(hmac, reinterpret_cast<const unsigned char*>(secret.data()),
                                    secret.size(), parameters);
                       std::array<unsigned char, 32> digest{};
                       unsigned size = 0;
                       std::size_t mac_size = 0;
                       for (std::size_t i = 0; i < 2 * count; ++i) {
                           EVP_DigestInit_ex2(hash, md, nullptr);
                           EVP_DigestUpdate(hash, data, text.size());
                           EVP_DigestFinal_ex(hash, digest.data(), &size);
                           EVP_MAC_init(hmac, nullptr, 0, nullptr);
                           EVP_MAC_update(hmac, data, text.size());
                           EVP_MAC_final(hmac, digest.data(), &mac_size, digest.size());
                       }
                       EVP_MAC_CTX_free(hmac);
                       EVP_MAC_free(mac);
                       EVP_MD_CTX_free(hash);
                       EVP_MD_free(md);
                   }});
    all.push_back({"ours: sign, verify", [&keys, text, made](std::size_t count) {
                       for (std::size_t i = 0; i < count; ++i) {
                           if (keys.sign(text).hash != made.hash ||
                               !keys.verify(text, made.hash, made.signature, 1)) {
                               fail("a signature is not the same again");
                           }
                       }
                   }});
    all.push_back({"ours, with the text", [&keys, issued_at, expires_at](std::size_t count) {
                       std::string canonical;
                       for (std::size_t i = 0; i < count; ++i) {
                           canonical_text_into(canonical, agent_id, issued_at, expires_at);
                           const SigningKeys::Signed again = keys.sign(canonical);
                           canonical_text_into(canonical, agent_id, issued_at, expires_at);
                           if (!keys.verify(canonical, again.hash, again.signature, 1)) {
                               fail("a certificate is not valid");
                           }
                       }
                   }});
    all.push_back({"ours, JSON out and in", [&judge, &table](std::size_t count) {
                       for (std::size_t i = 0; i < count; ++i) {
                           const IssuedCertificate issued = judge.issue(agent_id);
                           StoredClaim claim;
                           claim.agent_id = agent_id;
                           claim.number = 1;
                           claim.certificates = {issued.live};
                           table.put(std::move(claim));
                           if (!judge.check(issued.json, agent_id).valid()) {
                               fail("a certificate is not valid");
                           }
                       }
                   }});
    return all;
}

/// Looks at certificates again that were verified before: no hashing.
double look_again(CertificateJudge& judge, ClaimTable& table, std::size_t count) {
    const IssuedCertificate issued = judge.issue(agent_id);
    StoredClaim claim;
    claim.agent_id = agent_id;
    claim.number = 1;
    claim.certificates = {issued.live};
    table.put(std::move(claim));
    return measure(count, [&](std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            if (!judge.check(issued.json, agent_id).valid()) {
                fail("a certificate is not valid");
            }
        }
    });
}

/// Claims in a second, each on the disk before its answer, `in_flight` asked for at a time.
double durable_claims(Claims& claims, int number, int count, int in_flight) {
    std::atomic<int> answered{0};
    const auto start = std::chrono::steady_clock::now();
    for (int asked = 0; asked < count;) {
        if (asked - answered.load() >= in_flight) {
            answered.wait(answered.load());
            continue;
        }
        ClaimRequest request;
        request.agent_id = "agent-" + std::to_string(number) + '-' + std::to_string(asked++);
        const auto done = [&answered](const patchbay::Result<ClaimOutcome>& owned) {
            if (!owned) {
                fail(owned.error().message.c_str());
            }
            answered.fetch_add(1);
            answered.notify_one();
        };
        if (!claims.claim(request, done)) {
            fail("a claim was not taken");
        }
    }
    if (!claims.flush(std::chrono::seconds(60))) {
        fail("the disk is too slow");
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return count / took.count();
}

}  // namespace

int main(int argument_count, char** arguments) {
    const int rounds = argument_count > 1 ? std::atoi(arguments[1]) : 9;
    const auto count =
        static_cast<std::size_t>(argument_count > 2 ? std::atoi(arguments[2]) : 100'000);
    NoEvents events;
    const patchbay::multiplexer::SystemClock clock;
    const auto keys = SigningKeys::open({{}, {}, secret}, {}, events, clock);
    if (!keys) {
        fail("no key");
    }
    ClaimTable table;
    const IdentityClock identity_clock(clock);
    CertificateJudge judge({}, table, **keys, identity_clock);

    std::vector<Candidate> all = candidates(**keys, judge, table);
    std::vector<double> again;
    for (int round = 0; round < rounds; ++round) {
        for (Candidate& candidate : all) {
            candidate.times.push_back(measure(count, candidate.run));
        }
        again.push_back(look_again(judge, table, count));
    }
    std::printf("%-24s %12s %14s %12s\n", "sign + verify", "ns of CPU", "per second", "of bare");
    for (const Candidate& candidate : all) {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < candidate.times.size(); ++i) {
            ratios.push_back(candidate.times[i] / all.front().times[i]);
        }
        const double time = median(candidate.times);
        std::printf("%-24s %12.0f %14.0f %12.2f\n", candidate.name, time, 1e9 / time,
                    median(ratios));
    }
    std::printf("%-24s %12.0f %14.0f\n", "ours, seen before", median(again), 1e9 / median(again));

    const std::string folder =
        (std::filesystem::temp_directory_path() / "patchbay-bench-XXXXXX").string();
    std::string made = folder;
    if (::mkdtemp(made.data()) == nullptr) {
        fail("no folder");
    }
    {
        ClaimsOptions options;
        options.data_dir = made;
        options.limits.claims_per_address = {};
        options.limits.claims_in_all = {};
        const auto claims = Claims::open(options, events, clock);
        if (!claims) {
            fail(claims.error().message.c_str());
        }
        std::printf("\n%-24s %12s\n", "claims on the disk", "per second");
        int number = 0;
        for (const int in_flight : {1, 16, 256}) {
            std::vector<double> rates;
            for (int round = 0; round < 3; ++round) {
                rates.push_back(durable_claims(**claims, number++, std::min(in_flight * 100, 5'000),
                                               in_flight));
            }
            std::printf("%3d asked for at a time %13.0f\n", in_flight, median(rates));
        }
    }
    std::filesystem::remove_all(made);
    return 0;
}
