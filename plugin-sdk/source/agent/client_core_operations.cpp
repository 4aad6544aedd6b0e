// SPDX-License-Identifier: Apache-2.0
// The part of the client core that asks the server for something, also by itself: it renews the
// certificate.
#include "agent/client_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::agent {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

Json request_for(const char* command) {
    return {{"command", command}};
}

}  // namespace

Result<void> ClientCore::keep(Certificate certificate) {
    if (!options_.certificate_file.empty()) {
        // First the disk: the server may hold the old one for void as soon as the new one is used.
        if (auto saved = CertificateFile(options_.certificate_file).save(certificate); !saved) {
            const std::lock_guard lock(mutex_);
            certificate_ = std::move(certificate);
            return saved;
        }
    }
    {
        const std::lock_guard lock(mutex_);
        certificate_ = std::move(certificate);
    }
    return {};
}

Awaitable<Result<Certificate>> ClientCore::request_certificate(Json frame) {
    const auto self = shared_from_this();
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    Result<Certificate> certificate =
        Certificate::parse(to_text(answer->value("certificate", Json())));
    if (!certificate) {
        co_return certificate;
    }
    if (certificate->agent_id != agent_id_) {
        co_return failure(ErrorClass::failed, "agent.wrong_certificate",
                          "The server sent a certificate of `" + certificate->agent_id +
                              "`, not of this agent, `" + agent_id_ + "`.");
    }
    const Result<void> kept = keep(*certificate);
    plan_renewal();
    if (!kept) {
        co_return tl::unexpected<Error>(kept.error());
    }
    co_return certificate;
}

Awaitable<Result<Certificate>> ClientCore::claim(bool force) {
    const auto self = shared_from_this();
    Json frame = {{"command", "claim_agent_id"}, {"force", force}};
    if (const auto mine = certificate(); force && mine) {
        Json proof = Json::parse(mine->json, nullptr, false);
        if (proof.is_object()) {
            frame["certificate"] = std::move(proof);
        }
    }
    if (key_) {
        Result<std::string> public_key = key_->public_key();
        if (!public_key) {
            co_return tl::unexpected<Error>(public_key.error());
        }
        frame["public_key"] = std::move(*public_key);
    }
    co_return co_await request_certificate(std::move(frame));
}

Awaitable<Result<Certificate>> ClientCore::renew() {
    Json frame = request_for("renew_certificate");
    return request_certificate(std::move(frame));
}

Awaitable<Result<bool>> ClientCore::validate(Certificate certificate) {
    const auto self = shared_from_this();
    Result<Json> presented = object_of(certificate.json, "certificate");
    if (!presented) {
        co_return tl::unexpected<Error>(presented.error());
    }
    Json frame = request_for("validate_certificate");
    frame["certificate"] = std::move(*presented);
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return answer->value("valid", Json()) == true;
}

Awaitable<Result<void>> ClientCore::release() {
    const auto self = shared_from_this();
    Json frame = request_for("release_agent_id");
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    renewal_timer_.cancel();
    {
        const std::lock_guard lock(mutex_);
        certificate_.reset();
    }
    if (options_.certificate_file.empty()) {
        co_return success();
    }
    co_return CertificateFile(options_.certificate_file).remove();
}

Awaitable<Result<std::vector<AgentInfo>>> ClientCore::list_agents() {
    const auto self = shared_from_this();
    Json frame = request_for("list_agents");
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return agents_of(*answer);
}

Awaitable<Result<std::string>> ClientCore::request_text(std::string command, std::string fields) {
    const auto self = shared_from_this();
    Result<Json> frame = object_of(fields, "fields of the request");
    if (!frame) {
        co_return tl::unexpected<Error>(frame.error());
    }
    (*frame)["command"] = std::move(command);
    Json wanted = std::move(*frame);
    const Result<Json> answer = co_await request(std::move(wanted));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return to_text(*answer);
}

Awaitable<Result<std::string>> ClientCore::send_direct(std::string target, std::string content) {
    Result<Json> object = object_of(content, "content of a message");
    if (!object) {
        co_return tl::unexpected<Error>(object.error());
    }
    co_return send(direct_message(agent_id_, target, std::move(*object)));
}

Awaitable<Result<std::string>> ClientCore::send_broadcast(std::string content) {
    Result<Json> object = object_of(content, "content of a message");
    if (!object) {
        co_return tl::unexpected<Error>(object.error());
    }
    co_return send(broadcast_message(agent_id_, std::move(*object)));
}

// ---- Renewal -----------------------------------------------------------------------------------

void ClientCore::plan_renewal() {
    renewal_timer_.cancel();
    const auto mine = certificate();
    if (!options_.renew || !mine || session_ == nullptr) {
        return;
    }
    const auto now = system_clock::now();
    if (mine->is_expired(now)) {
        return;
    }
    const auto wait = std::max(mine->renewal_time() - now, system_clock::duration::zero());
    renewal_timer_.expires_after(std::chrono::duration_cast<steady_clock::duration>(wait));
    renewal_timer_.async_wait(
        [weak = weak_from_this(), session = session_](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self != nullptr && self->session_ == session) {
                boost::asio::co_spawn(self->executor_, self->renew_in_background(session),
                                      boost::asio::detached);
            }
        });
}

Awaitable<void> ClientCore::renew_in_background(SessionPtr session) {
    const auto self = shared_from_this();
    const Result<Certificate> renewed = co_await renew();
    if (renewed) {
        tell(event_of(EventKind::renewed));
        co_return;
    }
    tell(event_of(EventKind::not_renewed, renewed.error()));
    const auto mine = certificate();
    const auto now = system_clock::now();
    if (session_ != session || !mine || mine->is_expired(now)) {
        co_return;
    }
    // Again after a tenth of what is left, but not in a hurry.
    constexpr std::chrono::seconds shortest{1};
    const auto left = std::chrono::duration<double>(mine->expires_at) - now.time_since_epoch();
    renewal_timer_.expires_after(std::max<steady_clock::duration>(
        shortest, std::chrono::duration_cast<steady_clock::duration>(left / 10)));
    renewal_timer_.async_wait(
        [weak = weak_from_this(), session](const boost::system::error_code& error) {
            const auto again = weak.lock();
            if (!error && again != nullptr && again->session_ == session) {
                boost::asio::co_spawn(again->executor_, again->renew_in_background(session),
                                      boost::asio::detached);
            }
        });
}

}  // namespace patchbay::agent
