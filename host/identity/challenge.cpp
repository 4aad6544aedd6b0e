// SPDX-License-Identifier: Apache-2.0
#include "identity/challenge.hpp"

#include "identity/hexadecimal.hpp"
#include "identity/json_text.hpp"
#include "identity/strict_json.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::size_t max_proof_bytes = 1'024;

tl::unexpected<Error> refused(std::string text) {
    return failure(ErrorClass::failed, "identity.challenge_refused", std::move(text));
}

std::string seconds(std::uint64_t nanoseconds) {
    return std::to_string(nanoseconds / nanoseconds_per_second);
}

}  // namespace

std::string Challenge::to_json() const {
    std::string text = R"({"algorithm": "Ed25519", "nonce": ")" + nonce + R"(", "message": ")";
    append_json_escaped(text, message);
    return text + R"(", "expires_at": )" + seconds(expires_at) + '}';
}

std::size_t Challenges::NonceHash::operator()(const Nonce& nonce) const noexcept {
    std::size_t hash = 0;  // the bytes are random already
    std::memcpy(&hash, nonce.data(), sizeof hash);
    return hash;
}

Challenges::Challenges(std::string network_id, ChallengeLimits limits)
    : network_id_(std::move(network_id)), limits_(limits) {}

Challenge Challenges::make(std::string_view agent_id, std::uint64_t wall, std::uint64_t monotonic) {
    const auto lifetime = static_cast<std::uint64_t>(limits_.lifetime.count());
    Nonce nonce{};
    if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
        throw std::runtime_error("OpenSSL has no random bytes to give");
    }
    Challenge challenge;
    append_hex(challenge.nonce, nonce);
    challenge.expires_at = wall + lifetime;
    // The first words keep the signature from meaning anything elsewhere.
    challenge.message = R"(patchbay.challenge/1 {"agent_id": ")";
    append_json_escaped(challenge.message, agent_id);
    challenge.message +=
        R"(", "expires_at": )" + seconds(challenge.expires_at) + R"(, "network_id": ")";
    append_json_escaped(challenge.message, network_id_);
    challenge.message += R"(", "nonce": ")" + challenge.nonce + "\"}";

    const std::lock_guard lock(mutex_);
    drop_expired(monotonic);
    while (pending_.size() >= limits_.outstanding && !order_.empty()) {
        pending_.erase(order_.front());
        order_.pop_front();
    }
    pending_.emplace(nonce,
                     Pending{std::string(agent_id), challenge.message, monotonic + lifetime});
    order_.push_back(nonce);
    return challenge;
}

Result<void> Challenges::verify(std::string_view agent_id, const PublicKey& key,
                                std::string_view proof, std::uint64_t monotonic) {
    std::array<WantedMember, 2> members = {
        {{"nonce", MemberKind::text}, {"signature", MemberKind::text}}};
    Result<void> read = read_object(proof, members, {max_proof_bytes, 2, 8}, "The proof",
                                    "identity.challenge_refused");
    if (!read) {
        return read;
    }
    Nonce nonce{};
    std::array<unsigned char, ed25519_signature_size> signature{};
    if (!read_hex(members[0].value, nonce) || !read_hex(members[1].value, signature)) {
        return refused(
            "The proof must have a nonce of 64 and a signature of 128 lower-case hexadecimal "
            "digits.");
    }
    Pending pending;
    {
        const std::lock_guard lock(mutex_);
        drop_expired(monotonic);
        const auto found = pending_.find(nonce);
        if (found == pending_.end()) {
            return refused(
                "The challenge is unknown: it was used before, or more time has passed than it "
                "allows.");
        }
        pending = std::move(found->second);
        pending_.erase(found);
    }
    if (pending.agent_id != agent_id) {
        return refused("The challenge was made for another agent.");
    }
    const std::string_view signature_bytes(reinterpret_cast<const char*>(signature.data()),
                                           signature.size());
    if (!verify_ed25519(key, pending.message, signature_bytes)) {
        return failure(ErrorClass::failed, "identity.proof_refused",
                       "The challenge was not signed with the key that is bound to the claim.");
    }
    return {};
}

std::size_t Challenges::outstanding() const {
    const std::lock_guard lock(mutex_);
    return pending_.size();
}

void Challenges::drop_expired(std::uint64_t monotonic) {
    // Made in order, so that the oldest expire first.
    while (!order_.empty()) {
        const auto found = pending_.find(order_.front());
        if (found != pending_.end()) {
            if (found->second.until > monotonic) {
                break;
            }
            pending_.erase(found);
        }
        order_.pop_front();
    }
    // Spent ones stay in the order behind one that nobody answers.
    if (order_.size() > limits_.outstanding * 2) {
        std::erase_if(order_, [this](const Nonce& nonce) { return pending_.count(nonce) == 0; });
    }
}

}  // namespace patchbay::identity
