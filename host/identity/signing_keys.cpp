// SPDX-License-Identifier: Apache-2.0
#include "identity/signing_keys.hpp"

#include "identity/hexadecimal.hpp"
#include "identity/hmac_sha256.hpp"

#include <patchbay/private_file.hpp>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t max_old_keys = 16;
constexpr std::string_view id_text = "patchbay signing key";
constexpr std::size_t id_digits = 16;

/// A text that is wiped when it goes.
class Secret {
  public:
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { OPENSSL_cleanse(text_.data(), text_.size()); }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

struct Key {
    explicit Key(std::string text, std::uint64_t until = 0)
        : secret(std::move(text)), hmac(secret.text()), verifies_until(until) {
        id = to_hex(hmac.mac(id_text)).substr(0, id_digits);
    }
    Secret secret;
    HmacKey hmac;
    std::string id;
    std::uint64_t verifies_until;  ///< 0 = the current one
};

using Keys = std::vector<std::unique_ptr<Key>>;

Result<std::string> random_secret() {
    std::array<unsigned char, secret_bytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return failure(ErrorClass::failed, "identity.key_write_failed",
                       "There are no random bytes to make a signing key of.");
    }
    std::string text;
    text.reserve(secret_bytes * 2);
    append_hex(text, bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return text;
}

void cut_end_of_line(std::string& text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
}

/// Nothing when there is no such file.
Result<std::optional<std::string>> content_of(const std::string& path) {
    Result<std::string> content = read_private_file(path);
    if (content) {
        return std::optional<std::string>(std::move(*content));
    }
    if (content.error().code == "file.missing") {
        return std::optional<std::string>();
    }
    return tl::unexpected<Error>(std::move(content.error()));
}

/// Lines of "NANOSECONDS SECRET".
Result<Keys> read_old_keys(const std::string& path, std::uint64_t now) {
    Keys keys;
    Result<std::optional<std::string>> content = content_of(path);
    if (!content) {
        return tl::unexpected<Error>(std::move(content.error()));
    }
    if (!*content) {
        return keys;
    }
    const Secret text(std::move(**content));
    std::string_view rest = text.text();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        std::uint64_t until = 0;
        const auto read = std::from_chars(line.data(), line.data() + line.size(), until);
        const auto used = static_cast<std::size_t>(read.ptr - line.data());
        if (read.ec != std::errc() || used + 1 >= line.size() || line[used] != ' ') {
            return failure(ErrorClass::failed, "identity.key_unreadable",
                           "The file " + path +
                               " is not a list of replaced keys (lines of NANOSECONDS KEY); it is "
                               "needed to verify certificates from before the last rotation.");
        }
        if (until > now) {
            keys.push_back(std::make_unique<Key>(std::string(line.substr(used + 1)), until));
        }
    }
    return keys;
}

Result<void> write_old_keys(const std::string& path, const Keys& keys) {
    std::size_t size = 0;
    for (const auto& key : keys) {
        size += key->secret.text().size() + 32;
    }
    std::string text;
    text.reserve(size);  // so that no copies are left behind
    for (const auto& key : keys) {
        text += std::to_string(key->verifies_until) + ' ';
        text += key->secret.text();
        text += '\n';
    }
    const Secret content(std::move(text));
    return write_private_file(path, content.text());
}

Result<std::string> read_or_make_secret(const std::string& path) {
    Result<std::optional<std::string>> content = content_of(path);
    if (!content) {
        return tl::unexpected<Error>(std::move(content.error()));
    }
    if (*content) {
        std::string secret = std::move(**content);
        cut_end_of_line(secret);
        if (secret.find('\n') != std::string::npos) {
            return failure(ErrorClass::failed, "identity.key_unreadable",
                           "The file " + path + " must hold one line, the secret key.");
        }
        return secret;
    }
    Result<std::string> secret = random_secret();
    if (!secret) {
        return secret;
    }
    const Secret line(*secret + '\n');
    const Result<void> written = write_private_file(path, line.text());
    if (!written) {
        return tl::unexpected<Error>(written.error());
    }
    return secret;
}

void warn(events::EventSink& events, std::string code, std::string text) {
    events.publish({events::Level::warning, "identity", std::move(code), std::move(text)});
}

}  // namespace

struct SigningKeys::Parts {
    Parts(std::string path, const multiplexer::Clock& wall_clock)
        : file(std::move(path)), clock(wall_clock) {}

    /// Empty when the key does not come from a file.
    const std::string file;
    const multiplexer::Clock& clock;
    std::mutex rotating;
    mutable std::shared_mutex mutex;
    std::unique_ptr<Key> current;
    Keys old;
    std::uint64_t rotations = 0;

    [[nodiscard]] std::string old_file() const { return file + ".old"; }
};

SigningKeys::SigningKeys(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SigningKeys::~SigningKeys() = default;

Result<std::unique_ptr<SigningKeys>> SigningKeys::open(const KeySource& source,
                                                       const std::string& data_dir,
                                                       events::EventSink& events,
                                                       const multiplexer::Clock& clock) {
    const int given = (source.secret_key_file.empty() ? 0 : 1) +
                      (source.secret_key_env.empty() ? 0 : 1) + (source.secret_key.empty() ? 0 : 1);
    if (given > 1) {
        return failure(ErrorClass::invalid, "identity.key_sources",
                       "The configuration names more than one of identity.secret_key_file, "
                       "identity.secret_key_env and identity.secret_key; keep one.");
    }
    std::string secret;
    std::string file;
    std::string where;
    if (!source.secret_key.empty()) {
        secret = source.secret_key;
        where = "identity.secret_key";
        warn(events, "identity.literal_key",
             "identity.secret_key stands in the configuration, where many may read it; use "
             "identity.secret_key_file or identity.secret_key_env.");
    } else if (!source.secret_key_env.empty()) {
        where = "The environment variable " + source.secret_key_env;
        const char* value = std::getenv(source.secret_key_env.c_str());
        if (value == nullptr) {
            return failure(ErrorClass::invalid, "identity.key_missing",
                           where + ", named by identity.secret_key_env, is not set.");
        }
        secret = value;
    } else {
        file = source.secret_key_file.empty() ? data_dir + "/identity.key" : source.secret_key_file;
        where = "The file " + file;
        Result<std::string> read = read_or_make_secret(file);
        if (!read) {
            return tl::unexpected<Error>(std::move(read.error()));
        }
        secret = std::move(*read);
    }
    if (secret.empty()) {
        return failure(ErrorClass::invalid, "identity.key_missing",
                       where + " must hold a secret key, but is empty.");
    }
    if (secret.size() < secret_bytes) {
        warn(events, "identity.short_key",
             where + " holds a key of " + std::to_string(secret.size()) +
                 " bytes; certificates can be forged by guessing it. Use " +
                 std::to_string(secret_bytes) + " random bytes or more.");
    }
    auto parts = std::make_unique<Parts>(file, clock);
    parts->current = std::make_unique<Key>(std::move(secret));
    if (!file.empty()) {
        Result<Keys> old = read_old_keys(parts->old_file(), clock.wall());
        if (!old) {
            return tl::unexpected<Error>(std::move(old.error()));
        }
        // A rotation that was cut short lists the key that is still the current one.
        std::erase_if(*old, [&](const auto& key) { return key->id == parts->current->id; });
        parts->old = std::move(*old);
    }
    return std::unique_ptr<SigningKeys>(new SigningKeys(std::move(parts)));
}

SigningKeys::Signed SigningKeys::sign(std::string_view canonical) const {
    const std::shared_lock lock(parts_->mutex);
    return {sha256(canonical), parts_->current->hmac.mac(canonical)};
}

bool SigningKeys::verify(std::string_view canonical, const Digest& hash, const Digest& signature,
                         std::uint64_t wall) const {
    // The hash is no secret, but nothing is gained by being faster than the time it takes.
    if (!equal_in_constant_time(sha256(canonical), hash)) {
        return false;
    }
    const std::shared_lock lock(parts_->mutex);
    if (equal_in_constant_time(parts_->current->hmac.mac(canonical), signature)) {
        return true;
    }
    return std::any_of(parts_->old.begin(), parts_->old.end(), [&](const auto& key) {
        return key->verifies_until > wall &&
               equal_in_constant_time(key->hmac.mac(canonical), signature);
    });
}

std::uint64_t SigningKeys::epoch(std::uint64_t wall) const {
    const std::shared_lock lock(parts_->mutex);
    const auto expired =
        std::count_if(parts_->old.begin(), parts_->old.end(),
                      [&](const auto& key) { return key->verifies_until <= wall; });
    return parts_->rotations * (max_old_keys + 1) + static_cast<std::uint64_t>(expired);
}

std::vector<KeyInfo> SigningKeys::keys() const {
    const std::uint64_t now = parts_->clock.wall();
    const std::shared_lock lock(parts_->mutex);
    std::vector<KeyInfo> keys{{parts_->current->id, true, 0}};
    for (const auto& key : parts_->old) {
        if (key->verifies_until > now) {
            keys.push_back({key->id, false, key->verifies_until});
        }
    }
    return keys;
}

Result<std::string> SigningKeys::rotate(std::chrono::nanoseconds overlap) {
    if (parts_->file.empty()) {
        return failure(ErrorClass::unsupported, "identity.key_fixed",
                       "The signing key comes from the configuration or the environment, where the "
                       "host cannot change it; only identity.secret_key_file can be rotated.");
    }
    const std::lock_guard rotating(parts_->rotating);
    const std::uint64_t now = parts_->clock.wall();
    Result<std::string> secret = random_secret();
    if (!secret) {
        return secret;
    }
    // Old keys are only looked at here, under `rotating`, and in readers, so that the lock that
    // readers wait for is not held while the disk writes.
    Keys old;
    for (const auto& key : parts_->old) {
        if (key->verifies_until > now) {
            old.push_back(std::make_unique<Key>(key->secret.text(), key->verifies_until));
        }
    }
    if (old.size() >= max_old_keys) {
        return failure(ErrorClass::overloaded, "identity.too_many_keys",
                       "There are " + std::to_string(old.size()) +
                           " replaced keys that still verify certificates; wait until one of them "
                           "has run out.");
    }
    old.push_back(std::make_unique<Key>(parts_->current->secret.text(),
                                        now + static_cast<std::uint64_t>(overlap.count())));
    // First the old keys: a crash in between leaves the current key in both files.
    Result<void> written = write_old_keys(parts_->old_file(), old);
    if (written) {
        const Secret line(*secret + '\n');
        written = write_private_file(parts_->file, line.text());
    }
    if (!written) {
        return tl::unexpected<Error>(std::move(written.error()));
    }
    auto current = std::make_unique<Key>(std::move(*secret));
    std::string id = current->id;
    const std::unique_lock lock(parts_->mutex);
    parts_->old = std::move(old);
    parts_->current = std::move(current);
    ++parts_->rotations;
    return id;
}

}  // namespace patchbay::identity
