// SPDX-License-Identifier: Apache-2.0
/// \file
/// A folder of one test's own, and the ways in which others write to a stub file.
#pragma once

#include <patchbay/protocols/default.hpp>
#include <patchbay/stub_format.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace patchbay::stub {

class ScratchFolder {
  public:
    ScratchFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "patchbay-stub-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// The message of an envelope with this text.
inline std::string message_with(std::string text) {
    protocols::DefaultMessage message;
    message.header.starter_reference = "reference";
    message.body = protocols::DefaultBytes{std::move(text)};
    return *protocols::encode(message);
}

/// The text of such a message.
inline std::string text_in(std::string_view message) {
    const auto decoded = protocols::decode_default(message);
    if (!decoded) {
        return std::string(message);
    }
    return std::get<protocols::DefaultBytes>(decoded->body).content;
}

inline std::string line_with(std::string text) {
    std::string line;
    EXPECT_TRUE(append_stub_line(
        {"to", "from", protocols::default_protocol_id, message_with(std::move(text))}, line));
    return line;
}

/// As the shell's >>: no lock.
inline void append_plainly(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::app | std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Holds upstream's lock on a file, through a descriptor of its own.
class Locked {
  public:
    explicit Locked(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        EXPECT_EQ(::flock(descriptor_, LOCK_EX), 0);
    }
    ~Locked() { ::close(descriptor_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

}  // namespace patchbay::stub
